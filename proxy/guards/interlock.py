"""The interlock as the edge performs it: what it knows of a request to a model, and what it has refused so far."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from proxy.guards.foreseen import Foreseen
from proxy.guards.halts import Halts
from proxy.guards.presence import Presence
from proxy.guards.traces import Traces
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.witness import WitnessStore
from safety_core.flow.egress_effects import AskStanding, Standing
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.flow.interlock import Interlock, UnguardedError
from safety_core.flow.tool_results import spelling_of, spellings
from safety_core.model.tool_call import AgentId, ToolCall

ANNOUNCEMENT_SECONDS: Final = 1.0
"""How long a request waits for its turn: OpenClaw asks the model for a compaction without waiting for the hook that
announces it."""


@dataclass(slots=True)
class Guards:
    """What stands between an agent and its model, and what it has seen.

    Attributes:
        guarded: the agents that must have their plugin.
        mode: what becomes of a request of theirs that the plugin does not stand behind.
        refused, observed: how many such requests there were since the edge began.
        last: what was wrong with the last one.
    """

    guarded: Collection[AgentId]
    mode: Interlock
    presence: Presence
    halts: Halts
    witness: WitnessStore
    traces: Traces = field(default_factory=Traces)
    foreseen: Foreseen = field(init=False)
    refused: int = 0
    observed: int = 0
    last: str = ""
    _waiting: set[asyncio.Event] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self.foreseen = Foreseen(lambda agent: self.interlock(agent) is not Interlock.OFF)

    def interlock(self, agent: AgentId) -> Interlock:
        """Return the mode that holds for `agent`."""
        return self.mode if agent in self.guarded else Interlock.OFF

    async def standing(self, effect: AskStanding) -> Standing:
        """Look up what is known of a request. Raises UnavailableError."""
        now = clock.now()
        trouble = self.presence.trouble(effect.agent, now)
        announced = bool(effect.trace) and not trouble and await self._announced(effect.agent, effect.trace)
        decided = await self.witness.decided(effect.agent, effect.spellings, now) if effect.spellings else frozenset()
        return Standing(trouble, announced, decided)

    async def announce(self, agent: AgentId, trace: str) -> None:
        """Note, durably, that a turn of `agent` comes under this trace id. Raises UnavailableError."""
        await self.witness.announce(agent, trace, clock.now())
        for announced in self._waiting:
            announced.set()

    async def _announced(self, agent: AgentId, trace: str) -> bool:
        announced = asyncio.Event()
        self._waiting.add(announced)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANNOUNCEMENT_SECONDS):
                    while not await self.witness.announced(agent, trace, clock.now()):
                        await announced.wait()
                        announced.clear()
                    return True
            return False
        finally:
            self._waiting.discard(announced)

    async def witnessed(self, call: ToolCall) -> None:
        """Note, durably, that the edge decides this call: its result may go to a model. Raises UnavailableError."""
        self.foreseen.reported(call)
        known = (*spellings(call.id), spelling_of(call.tool, call.params))
        await self.witness.decide(call.agent, [spelling for spelling in known if spelling], clock.now())

    def began(self, prompt: Prompt) -> None:
        """Do nothing: what comes of it is what counts (`proxy.egress.watch.Watcher`)."""

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        """Count what the interlock made of one request."""
        if exchange is None:
            return
        if exchange.rule == UnguardedError.__name__:
            self.refused += 1
            self.last = exchange.reason
        elif exchange.observed:
            self.observed += 1
            self.last = exchange.observed

    def to_json(self) -> JsonObject:
        """Return what is in force, for the status."""
        guarded: list[Json] = [*self.guarded]
        return {
            "mode": self.mode.value,
            "guarded": guarded,
            "refused": self.refused,
            "observed": self.observed,
            "calls": self.foreseen.to_json(clock.now()),
        }
