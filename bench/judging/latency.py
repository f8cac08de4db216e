"""Microseconds on the clock from a call to its verdict, with the policy process's work in it.

Engines with 10, 1,000 and 10,000 rules are up side by side and take turns. Each call is timed by itself. "Never seen"
is a command with a number in it that no call before had. A percentile is taken of each hundred calls, and then the
median of all hundreds: what else the machine did for a moment is not ours.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from bench.figure import Figure
from bench.judging import many_rules
from bench.measure import FULL
from bench.section import Collected, Tell
from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import digest
from safety_core.classify.facts import facts_of
from safety_core.classify.judge import verdict_of
from safety_core.edge.engine import Engine
from safety_core.edge.rego import RegoEngine
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall

COMMAND: Final = "grep -rn price src/shop | sort | uniq -c > reports/{}.txt"
"""60 bytes: a pipe of three programs and a redirect."""

RULES: Final = (10, 1_000, 10_000)
BETWEEN: Final = 1_000
"""The number of rules that the goals are for."""

BURST: Final = 50
"""Calls of one kind in a row."""

PART: Final = 100
"""Calls that a percentile is taken of."""

SECTION: Final = "Judging tool calls: a shell command of 60 bytes, from the call to the verdict"


@dataclass(frozen=True, slots=True)
class Seat:
    """One engine with its policy, and the seconds of each call by kind."""

    engine: Engine
    bundle: TrustedBundle
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"seen": [], "new": []})

    def quantile(self, kind: str, per_cent: int) -> float:
        """Return how many microseconds so many per cent of the calls took at most."""
        return quantile(self.seconds[kind], per_cent) * 1e6


@dataclass(frozen=True, slots=True)
class Taken:
    """All that was measured; `yardstick`: seconds of one canonical JSON and SHA-256 of the same call."""

    seats: dict[int, Seat]
    yardstick: float


def quantile(values: list[float], per_cent: int) -> float:
    """Return the value below which so many per cent lie: the median of that of each hundred."""
    parts = [values[start : start + PART] for start in range(0, len(values), PART)]
    return statistics.median(statistics.quantiles(part, n=100, method="inclusive")[per_cent - 1] for part in parts)


async def taken(rounds: int, tick: Callable[[], None]) -> Taken:
    """Start an engine for each number of rules and time them turn by turn."""
    numbers = itertools.count()
    yardstick: list[float] = []
    async with AsyncExitStack() as stack:
        seats = {number: await seated(stack, number) for number in RULES}
        for seat in seats.values():
            await _burst(seat, [*itertools.islice(numbers, BURST)])  # warm: what comes first pays for all
        for _ in range(rounds):
            for seat in seats.values():
                fresh = [*itertools.islice(numbers, BURST)]
                seat.seconds["new"] += await _burst(seat, fresh)
                seat.seconds["seen"] += await _burst(seat, fresh)
            yardstick += [_yardstick() for _ in range(BURST)]
            tick()
    return Taken(seats, statistics.median(yardstick))


async def seated(stack: AsyncExitStack, number: int) -> Seat:
    """Start an engine with a policy of so many rules."""
    bundle = many_rules.bundle(number)
    engine = RegoEngine()
    await engine.load(bundle)
    stack.push_async_callback(engine.close)
    return Seat(engine, bundle)


async def _burst(seat: Seat, numbers: list[int]) -> list[float]:
    clock = time.perf_counter
    seconds = []
    for number in numbers:
        call = call_of(number)
        started = clock()
        await judged(seat, call)
        seconds.append(clock() - started)
    return seconds


async def judged(seat: Seat, call: ToolCall) -> None:
    """Take a call to its verdict: what is measured."""
    facts = facts_of(call, seat.bundle.policy.catalogue, "/srv/agent")
    verdict_of(facts, await seat.engine.judge(facts), seat.bundle.revision)


def call_of(number: int) -> ToolCall:
    params = {"command": COMMAND.format(f"{number:05}")}
    return ToolCall(CallId("c"), TenantId("t"), AgentId("a"), SessionId("s"), "exec", {**params})


def _yardstick() -> float:
    started = time.perf_counter()
    digested()
    return time.perf_counter() - started


def digested() -> None:
    """Do the work that judging is compared with: one canonical JSON and SHA-256 of such a call."""
    digest({"tool": "exec", "params": {"command": COMMAND.format("00007")}})


def measure(collected: Collected, tell: Tell) -> None:
    """Measure the figures, and a point for each number of rules for the page."""
    tell.start("starting engines with 10, 1,000 and 10,000 rules, judging commands", FULL.rounds)
    done = asyncio.run(taken(FULL.rounds, tell.tick))
    collected.kept["rules"] = [
        {
            "rules": number,
            "seen_p50": seat.quantile("seen", 50),
            "new_p50": seat.quantile("new", 50),
            "new_p99": seat.quantile("new", 99),
        }
        for number, seat in done.seats.items()
    ]
    collected.take(figures(done))


def figures(done: Taken) -> Iterator[Figure]:
    """Yield microseconds with their goals, and each as a ratio to the yardstick, which the budgets hold."""
    seat = done.seats[BETWEEN]
    for name, title, kind, per_cent, goal in (
        ("classify_seen", "seen before, half of the calls within", "seen", 50, 30),
        ("classify_new", "never seen, half of the calls within", "new", 50, 700),
        ("classify_new_p99", "never seen, 99 of 100 calls within", "new", 99, 3_000),
    ):
        value = seat.quantile(kind, per_cent)
        count = f"{BETWEEN:,} rules beside the base policy; {len(seat.seconds[kind]):,} calls"
        yield Figure(SECTION, f"{name}_us", title, value, "µs", goal=goal, note=count)
        ratio = value / 1e6 / done.yardstick
        yield Figure(SECTION, name, "the same / one canonical JSON and SHA-256 of the call", ratio, "x")
    growth = done.seats[RULES[-1]].quantile("new", 50) / done.seats[RULES[0]].quantile("new", 50)
    notes = ", ".join(f"{number:,}: {seat.quantile('new', 50):.0f} µs" for number, seat in done.seats.items())
    title = f"never seen, {RULES[-1]:,} rules / {RULES[0]:,} rules"
    yield Figure(SECTION, "classify_growth", title, growth, "x", goal=1.5, note=notes)
