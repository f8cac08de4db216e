"""What a model call consumed, in one normal form for all providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.model.tool_call import AgentId

COUNTS: Final = (
    "input_total",
    "output_total",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "tool_prompt",
)
"""The numbers of a response, as they are named wherever they are written down."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one response. `input_total` includes cached tokens, `output_total` includes reasoning.

    Attributes:
        cache_read: part of `input_total` that came from the provider's cache.
        cache_write: part of `input_total` that was written to it, 5-minute and 1-hour entries together.
        cache_write_1h: part of `cache_write` with the longer life.
        tool_prompt: what the provider's own tools put into the prompt, where it counts that apart from
            `input_total` (Gemini); billed as input.
        estimated: the provider sent no numbers; these were derived from sizes.
        mode: how the provider says that it processed the request, where that has a price of its own ("batch",
            "priority", "flex", "fast"); empty: as usual.
        audio_input, audio_output: parts of the totals that are sound, which often has a price of its own.
        audio_read: part of both `audio_input` and `cache_read`.
        answered: the model that has answered, as the response names it; empty where it does not. Usage is the same
            whoever it was of.
    """

    input_total: int = 0
    output_total: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0
    tool_prompt: int = 0
    estimated: bool = False
    mode: str = ""
    audio_input: int = 0
    audio_output: int = 0
    audio_read: int = 0
    answered: str = field(default="", compare=False)

    def counts(self) -> dict[str, int]:
        """Return the numbers that are added up, by their names, in the order above."""
        return {name: getattr(self, name) for name in COUNTS}


MODEL_LENGTH: Final = 200
"""Characters of a model's name. It goes into usage and bills; the longest real ones (Bedrock ARNs) have about 150."""

NANO: Final = 10**9
"""Costs are whole nano-US-dollars: sums are exact, and one token of the cheapest model still costs some."""


def dollars(nano: int) -> str:
    """Return an amount of nano-US-dollars for people, to the cent, or to its first digits where it is less."""
    amount = nano / NANO
    return f"{amount:,.2f}" if abs(amount) >= 1 or nano == 0 else f"{amount:.4f}"


@dataclass(frozen=True, slots=True)
class Booking:
    """What one response consumed.

    Attributes:
        request: its id; a response is booked once.
        cost: in nano-US-dollars; None where the model has no price.
    """

    request: str
    agent: AgentId
    provider: str
    model: str
    usage: Usage
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class UsageBucket:
    """Totals of one hour for one (agent, provider, model). Totals only grow; `sequence` counts the changes.

    Attributes:
        hour: start of the hour, seconds since the epoch, a multiple of 3600.
        cost: of the responses that have a price, in nano-US-dollars.
        unpriced: how many have none.
    """

    hour: int
    agent: AgentId
    provider: str
    model: str
    sequence: int
    requests: int
    estimated: int
    totals: Usage
    cost: int = 0
    unpriced: int = 0

    def to_json(self) -> JsonObject:
        """Return the form that goes to the hub."""
        return {
            "hour": self.hour,
            "agent": self.agent,
            "provider": self.provider,
            "model": self.model,
            "sequence": self.sequence,
            "requests": self.requests,
            "estimated": self.estimated,
            "cost": self.cost,
            "unpriced": self.unpriced,
            **self.totals.counts(),
        }
