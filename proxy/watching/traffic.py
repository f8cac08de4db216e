"""Looks on as exchanges begin and end, and counts them. Everything it keeps has a bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter, time
from typing import Final

from proxy.watching.labels import OTHER, Labels
from proxy.watching.spread import Spread
from proxy.watching.window import Window
from safety_core.errors import BudgetError
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.model.usage import Usage
from safety_core.wire.activity import Count

KINDS: Final = ("requests", "input", "output", "redactions", "refused")
"""What the window holds, in this order."""

TOKENS: Final = ("input", "output", "cache_read", "cache_write", "reasoning")

RULES: Final = 100
"""Different rules that refusals are counted by. They are the classes of our own errors."""

SERIES: Final = 2000
"""Different (provider, model, agent, status); further ones are counted under "other" names."""

BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds of a request; a model takes its time."""

ADDED: Final = (0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)
"""Seconds that are ours."""

_NOTHING: Final = Usage()


@dataclass(frozen=True, slots=True)
class Finished:
    """One exchange that is over.

    Attributes:
        exchange: None where a failure of ours, or the edge's end, cut it off.
        began: seconds since the epoch.
        seconds: how long it took; `added`: without waiting for the provider and the client.
    """

    prompt: Prompt
    exchange: Exchange | None
    began: float
    seconds: float
    added: float


@dataclass(slots=True)
class Running:
    """One exchange under way: since when, by a clock that never goes back, and by the one on the wall."""

    prompt: Prompt
    since: float
    began: float


@dataclass(slots=True)
class Counts:
    """Sums since the edge began, by (provider, model, agent); requests by their status too."""

    requests: dict[tuple[str, str, str, int], int] = field(default_factory=dict)
    tokens: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    redactions: int = 0


class Traffic:
    """Implements `proxy.egress.watch.Watcher`.

    Args:
        scrub: text -> the same without any secret.
        tell: who is told of each exchange that is over; quick, and raises nothing.
    """

    def __init__(self, scrub: Callable[[str], str] = str, tell: Sequence[Callable[[Finished], None]] = ()) -> None:
        self.counts: Final = Counts()
        self.models: Final = Labels(scrub)
        self.agents: Final = Labels(scrub)
        self.window: Final = Window(len(KINDS))
        self.seconds: Final = Spread(BOUNDS)
        self.added: Final = Spread(ADDED)
        self.waited: Final = Spread(BOUNDS)
        self._running: dict[int, Running] = {}
        self._tell = tell

    @property
    def running(self) -> Mapping[int, Running]:
        """What is under way, oldest first."""
        return self._running

    def sums(self) -> Mapping[Count, int]:
        """Return the sums since the edge began, for the heartbeats."""
        refusals = self.counts.refusals
        return {
            Count.PROMPTS: sum(self.counts.requests.values()),
            Count.PROMPTS_REFUSED: sum(refusals.values()),
            Count.BUDGET_REFUSED: refusals.get(BudgetError.__name__, 0),
        }

    def began(self, prompt: Prompt) -> None:
        """Count it as under way."""
        self._running[id(prompt)] = Running(prompt, perf_counter(), time())

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        """Count it."""
        began = self._running.pop(id(prompt), None)
        if began is None:
            return
        now = perf_counter()
        seconds = now - began.since
        added = seconds
        if exchange is not None:
            added = max(0.0, seconds - exchange.waited)
            self._count(prompt, exchange, now)
            self.added.add(added)
            if exchange.waited:
                self.waited.add(exchange.waited)
        self.seconds.add(seconds)
        for tell in self._tell:
            tell(Finished(prompt, exchange, began.began, seconds, added))

    def _count(self, prompt: Prompt, exchange: Exchange, now: float) -> None:
        counts = self.counts
        key = (prompt.provider, self.models.of(exchange.model), self.agents.of(prompt.agent))
        by_status = (*key, exchange.status)
        if len(counts.requests) >= SERIES and by_status not in counts.requests:
            key = (prompt.provider, OTHER, OTHER)
            by_status = (*key, exchange.status)
        counts.requests[by_status] = counts.requests.get(by_status, 0) + 1
        usage = exchange.usage
        if usage is not None:
            sums = counts.tokens.get(key)
            if sums is None:
                sums = counts.tokens[key] = [0] * len(TOKENS)
            sums[0] += usage.input_total
            sums[1] += usage.output_total
            sums[2] += usage.cache_read
            sums[3] += usage.cache_write
            sums[4] += usage.reasoning
        else:
            usage = _NOTHING
        counts.redactions += exchange.findings
        rule = exchange.rule
        if rule and (rule in counts.refusals or len(counts.refusals) < RULES):
            counts.refusals[rule] = counts.refusals.get(rule, 0) + 1
        self.window.add(now, (1, usage.input_total, usage.output_total, exchange.findings, 1 if rule else 0))
