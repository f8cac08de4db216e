"""What has been spent since a day or month began, and what requests under way may still cost. All in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from safety_core.model.budget import Period, Unit
from safety_core.model.tool_call import AgentId

DAY: Final = 86400
LONGEST: Final = {Period.DAY: DAY, Period.MONTH: 31 * DAY}
"""Seconds after a period's beginning at which the next one is sure to be under way, and not the one after it."""

HELD_SECONDS: Final = 3600.0
"""How long a request may be under way; what is held for longer was lost by a mistake, and must not block for ever."""

BATCH_SECONDS: Final = 86400.0
"""How long a batch may take (OpenAI and Anthropic: 24 hours); until then its estimate stays held."""


@dataclass(slots=True)
class Sums:
    """Tokens (input and output) and nano-US-dollars."""

    tokens: int = 0
    cost: int = 0

    def add(self, tokens: int, cost: int) -> None:
        """Add to both."""
        self.tokens += tokens
        self.cost += cost

    def of(self, unit: Unit) -> int:
        """Return the one that a limit counts."""
        return self.tokens if unit is Unit.TOKENS else self.cost


@dataclass(slots=True)
class Totals:
    """Sums by agent, and of all agents."""

    agents: dict[AgentId, Sums] = field(default_factory=dict)
    all: Sums = field(default_factory=Sums)

    def add(self, agent: AgentId, tokens: int, cost: int) -> None:
        """Add to both sums of an agent's, and to those of all agents."""
        self.agents.setdefault(agent, Sums()).add(tokens, cost)
        self.all.add(tokens, cost)

    def of(self, agent: AgentId | None) -> Sums:
        """Return the sums of an agent; None: of all agents together."""
        return self.all if agent is None else self.agents.get(agent, Sums())


@dataclass(slots=True)
class Span:
    """What was spent in one day or month: from `since` to `until`, seconds since the epoch."""

    period: Period
    since: float
    until: float
    totals: Totals = field(default_factory=Totals)

    @classmethod
    def at(cls, period: Period, now: float) -> Span:
        """Return the day or month in which `now` lies, with nothing spent."""
        since = beginning(period, now)
        return cls(period, since, beginning(period, since + LONGEST[period]))


@dataclass(slots=True)
class Hold:
    """What one request may cost. `task`: the one that serves it, None for a batch that was taken."""

    agent: AgentId
    tokens: int
    cost: int
    until: float
    task: asyncio.Task[object] | None


class Held:
    """What requests under way may cost, by request."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}
        self.totals = Totals()

    def take(self, request: str, agent: AgentId, sums: Sums, now: float) -> None:
        """Hold what a request may cost until it is let go."""
        self.let_go(request)
        task = asyncio.current_task()
        self._holds[request] = Hold(agent, sums.tokens, sums.cost, now + HELD_SECONDS, task)
        self.totals.add(agent, sums.tokens, sums.cost)

    def let_go(self, request: str) -> None:
        """Hold nothing for a request any more, if anything was."""
        hold = self._holds.pop(request, None)
        if hold is not None:
            self.totals.add(hold.agent, -hold.tokens, -hold.cost)

    def let_go_mine(self) -> None:
        """Hold nothing any more for what the current task serves."""
        task = asyncio.current_task()
        for request in [name for name, hold in self._holds.items() if hold.task is task and task is not None]:
            self.let_go(request)

    def keep(self, request: str, now: float) -> None:
        """Go on holding for a batch that was taken, which costs something once it is done."""
        hold = self._holds.get(request)
        if hold is not None:
            hold.until, hold.task = now + BATCH_SECONDS, None

    def paid(self, agent: AgentId, tokens: int, cost: int) -> None:
        """Take what a result of a batch cost from what is held for the agent's batches, the oldest first."""
        for request, hold in [*self._batches(agent)]:
            taken, money = min(tokens, hold.tokens), min(cost, hold.cost)
            hold.tokens, hold.cost = hold.tokens - taken, hold.cost - money
            self.totals.add(agent, -taken, -money)
            tokens, cost = tokens - taken, cost - money
            if not hold.tokens:
                self.let_go(request)
            if not tokens:
                return

    def _batches(self, agent: AgentId) -> Iterator[tuple[str, Hold]]:
        return ((name, hold) for name, hold in self._holds.items() if hold.task is None and hold.agent == agent)

    def forget(self, now: float) -> None:
        """Let go of what has been held for too long."""
        for request in [name for name, hold in self._holds.items() if hold.until < now]:
            self.let_go(request)


def beginning(period: Period, now: float) -> float:
    """Return when the day or month (UTC) of `now` began, in seconds since the epoch."""
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day if period is Period.DAY else day.replace(day=1)).timestamp()
