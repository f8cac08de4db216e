"""`python -m bench.quick` (or `make bench-quick`): has anything become much slower or larger? Within a minute, in CI.

Everything is a ratio to plain work of the same run, or a size. Work is measured in CPU time, by turns, and of each side
the round counts that took least: so another process on the same cores changes little. A figure that is out of its
budget is measured once more, three times as long, before it counts. Budgets are `quick` in budgets.toml, wider than
those of a whole run. Nothing is installed, stored or put on a page.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console

from bench import corpus, edge_memory, memory, orders, stream_hold
from bench.bodies import OURS
from bench.egress import speed
from bench.egress.stage import bare, edge, model
from bench.figure import BUDGETS
from bench.invented import added, registered
from bench.judging import latency
from bench.judging.latency import Seat
from bench.measure import QUICK, cpu_seconds, family, repeats, seconds
from bench.redact import PLAIN
from bench.scanners.ours import Scanner, native
from bench.worker import Worker
from safety_core.redact.stream import StreamRedactor

ROUNDS: Final = 5
AGAIN: Final = 15
"""Rounds of the second measurement."""

RULES: Final = (10, 10_000)
BURST: Final = 20
"""Calls in a row: few, so that some rows are not disturbed."""
TEXTS: Final = 6
"""Of each kind, for the hold of a stream."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Measures some of the figures in so many rounds; returns them by name."""

    what: str
    measure: Callable[[int], Mapping[str, float]]


def main(guards: Iterable[Guard] | None = None) -> int:
    """Measure and print every figure; return 1 if one is out of its budget twice."""
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False)
    began, broken = time.monotonic(), []
    for guard in GUARDS if guards is None else guards:
        console.print(f"{guard.what}, after {time.monotonic() - began:.0f} s")
        values = guard.measure(ROUNDS)
        if any(map(_broken, values, values.values())):
            console.print(f"{guard.what}: {'; '.join(filter(None, map(_broken, values, values.values())))}. Once more:")
            values = guard.measure(AGAIN)
        for name, value in values.items():
            out = _broken(name, value)
            console.print(f"{value:10.3g}  {_held(name):15} {name}: {BUDGETS[name]['what']}")
            broken += [out] if out else []
    console.print(f"{time.monotonic() - began:.0f} s")
    for line in broken:
        console.print(f"out of budget: {line}", style="red")
    return 1 if broken else 0


def _broken(name: str, value: float) -> str:
    """Return in what way a figure is out of its budget, or nothing."""
    limit = BUDGETS[name]["quick"]
    return f"{name} is {value:.3g}, at most {limit} is allowed: {BUDGETS[name]['what']}" if value > limit else ""


def _held(name: str) -> str:
    return f"at most {BUDGETS[name]['quick']}"


def redacted(rounds: int) -> dict[str, float]:
    """Return what scanning 64 KiB takes, beside parsing them, and with ten times as many secrets."""
    raw = _body()
    found: dict[str, float] = {}
    for how, options in (("", ()), ("_plain", PLAIN)) if native() else (("_plain", PLAIN),):
        with Worker("quick", OURS, options=options) as some, Worker("quick-more", OURS, options=options) as more:
            some.start(registered(1_000), {"64k": raw})
            more.start(registered(10_000), {"64k": raw})
            few, many = some.sample("64k", QUICK), more.sample("64k", QUICK)
            parse = repeats(seconds(lambda: orjson.loads(raw), 100), QUICK)
            taken = [(few(), many(), seconds(lambda: orjson.loads(raw), parse)) for _ in range(5 * rounds)]
            least = [min(values) for values in zip(*taken, strict=True)]
            found |= {f"redact_64k{how}": least[0] / least[2], f"redact_growth{how}": least[1] / least[0]}
            if "add_secret" not in found:
                slow = more.ask("call", method="add", arguments={"secrets": added(200)})
                found["add_secret"] = 1e3 * statistics.median(slow)
    return found


def _body() -> bytes:
    """Return a request of 64 KiB of what is installed here, in which our own scanner finds nothing."""
    scanner = Scanner({})
    stream = corpus.pieces(corpus.sources(Path("nowhere")))
    pieces = itertools.islice((it for it in stream if not scanner.text_findings([it.text])[0]), 80)
    return corpus.body([*pieces], corpus.SIZES["64k"]).raw


def registry(_rounds: int) -> dict[str, float]:
    """Return the MiB that 1,000 secrets take in a fresh process."""
    answer = memory.asked(1_000, 120)
    if "error" in answer:
        raise RuntimeError(f"memory_1000: {answer['error']}")
    return {"memory_1000": answer["mib"]}


def streamed(_rounds: int) -> dict[str, float]:
    """Return how many characters a stream holds back on average: a count, the same on every run."""
    scanner = Scanner(registered(1_000))
    held: list[int] = []
    for text in itertools.chain.from_iterable(stream_hold.texts(TEXTS).values()):
        held += stream_hold.measured(text, StreamRedactor(scanner.redactor)).held
    return {"stream_hold": statistics.fmean(held)}


def judged(rounds: int) -> dict[str, float]:
    """Return what judging a command takes beside one canonical JSON and SHA-256 of it, the policy process included."""
    return asyncio.run(_judged(rounds))


async def _judged(rounds: int) -> dict[str, float]:
    numbers = itertools.count()
    new: dict[int, list[float]] = {number: [] for number in RULES}
    seen: list[float] = []
    plain: list[float] = []
    async with AsyncExitStack() as stack:
        seats = {number: await latency.seated(stack, number) for number in RULES}
        pids = family(os.getpid())
        for turn in range(4 * rounds + 1):
            for number, seat in seats.items():
                fresh = [*itertools.islice(numbers, BURST)]
                first, again = await _burst(seat, fresh, pids), min([await _burst(seat, fresh, pids) for _ in range(3)])
                if turn:  # the first one warms up
                    new[number].append(first)
                    seen.append(again)
            plain.append(seconds(latency.digested, 500))
    yardstick = min(plain)
    return {
        "classify_seen": min(seen) / yardstick,
        "classify_new": min(new[RULES[0]]) / yardstick,
        "classify_growth": min(new[RULES[-1]]) / min(new[RULES[0]]),
    }


async def _burst(seat: Seat, numbers: list[int], pids: list[int]) -> float:
    """Return the CPU seconds of one call, of this process and of the policy processes."""
    calls = [latency.call_of(number) for number in numbers]
    before = sum(map(cpu_seconds, pids))
    for call in calls:
        await latency.judged(seat, call)
    return (sum(map(cpu_seconds, pids)) - before) / len(calls)


def served(rounds: int) -> dict[str, float]:
    """Return what a request takes at the edge beside a proxy that only passes on."""
    body = _request()
    with model() as direct, bare(direct.port) as passing, edge(direct.port) as (_, way):
        (cost,) = speed.cost(passing, way, body, rounds=5 * rounds)
    assert cost.value is not None
    return {cost.name: cost.value}


def _request() -> bytes:
    text = "the bread is in the oven and smells of morning\n" * 84
    return orjson.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": text}]})


def held(_rounds: int) -> dict[str, float]:
    """Return the MiB that a running edge holds."""
    (figure,) = edge_memory.figures()
    assert figure.value is not None
    return {figure.name: figure.value}


GUARDS: Final = (
    Guard("redaction", redacted),
    Guard("the registry", registry),
    Guard("streams", streamed),
    Guard("words and numbers", orders.ratios),
    Guard("judging", judged),
    Guard("a request through the edge", served),
    Guard("the edge's memory", held),
)


if __name__ == "__main__":
    sys.exit(main())
