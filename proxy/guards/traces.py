"""What the requests of one trace have consumed, as the egress counted it, so that it can be held against what the
agent's own host has seen."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from proxy.newest import keep
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from safety_core.wire.turns import UsageSeen

TRACES: Final = 500
"""Traces that are remembered; more than runs go on at once."""

PATIENCE: Final = 2.0
"""Seconds that a comparison waits for requests which are just ending: the client has their last byte a little before
they are counted."""


@dataclass(slots=True)
class _Trace:
    """One trace: requests under way, and the tokens of those that have ended since the last comparison."""

    under_way: int = 0
    input: int = 0
    output: int = 0
    estimated: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()


class Traces:
    """The traces that were seen of late; the oldest go first."""

    def __init__(self) -> None:
        self._traces: OrderedDict[tuple[AgentId, str], _Trace] = OrderedDict()

    @contextmanager
    def request(self, agent: AgentId, trace: str) -> Generator[None, None, None]:
        """Hold a request of this trace as under way until the block ends."""
        known = self._of(agent, trace)
        known.under_way += 1
        known.idle.clear()
        try:
            yield
        finally:
            known.under_way -= 1
            if not known.under_way:
                known.idle.set()

    def count(self, agent: AgentId, trace: str, usage: Usage) -> None:
        """Add what one request consumed."""
        known = self._of(agent, trace)
        known.input += usage.input_total
        known.output += usage.output_total
        known.estimated = known.estimated or usage.estimated

    async def difference(self, seen: UsageSeen) -> tuple[int, int] | None:
        """Return what the egress counted more than was seen, input and output, since the last comparison of this trace.

        None where nothing can be said: a request of it is still under way, or the provider stated no numbers. A host
        counts what came from or went into a provider's cache apart from the input; the egress's input holds both.
        """
        known = self._of(seen.agent, seen.trace)
        try:
            await asyncio.wait_for(known.idle.wait(), PATIENCE)
        except TimeoutError:
            return None
        more = (known.input - seen.input - seen.cache_read - seen.cache_write, known.output - seen.output)
        guessed = known.estimated
        known.input = known.output = 0
        known.estimated = False
        return None if guessed else more

    def _of(self, agent: AgentId, trace: str) -> _Trace:
        known = self._traces.get((agent, trace)) or _Trace()
        keep(self._traces, (agent, trace), known, TRACES)
        return known
