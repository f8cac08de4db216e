"""Redaction of 4 KiB, 64 KiB and 1 MiB with 10, 1,000 and 10,000 known secrets: ours, and the peers that take some.

Only LiteLLM's content filter and presidio can be given values to look for. A peer's piece of work that takes more than
half a second is measured once and the next size, sixteen times as large, is left out; one that takes less is measured
three times. Ours are measured nine times, turn by turn.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import corpus
from bench.bodies import OURS, alone
from bench.figure import Figure, shown
from bench.invented import added, registered
from bench.measure import Effort, interleaved
from bench.peers.install import PYTHON, install, package
from bench.redact import PLAIN
from bench.scanners.ours import native
from bench.section import Collected, Tell
from bench.worker import Worker, WorkerError

SECTION: Final = "Known secrets: 10, 1,000 and 10,000 of them"
NUMBERS: Final = (10, 1_000, 10_000)
ADDED: Final = 200
EFFORT: Final = Effort(rounds=9, sample=0.02)
LONG: Final = 0.5
"""CPU seconds of a piece of work that is not repeated, and after which larger ones are left out."""


@dataclass(frozen=True, slots=True)
class Way:
    """Who looks for known secrets, and by what; `lock` is a peer's list of pinned versions."""

    key: str
    title: str
    module: str
    options: tuple[str, ...] = ()
    lock: str = ""


OWN: Final = (
    Way("ours", "with the extension", OURS),
    Way("plain", "without the extension", OURS, PLAIN),
)
PEERS: Final = (
    Way("content_filter", "LiteLLM content filter, blocked words", "bench.peers.content_filter", lock="content-filter"),
    Way("presidio", "presidio, deny list", "bench.peers.presidio", lock="presidio"),
)


@dataclass(slots=True)
class Grid:
    """CPU microseconds by who, size and number of secrets; who took no part, and why."""

    us: dict[tuple[str, str, int], float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> list[dict[str, Any]]:
        """Return a row for each, for the page and its plot."""
        rows = []
        for way in (*OWN, *PEERS):
            cells = [
                {"size": size, "secrets": number, "us": self.us[way.key, size, number]}
                for size in corpus.SIZES
                for number in NUMBERS
                if (way.key, size, number) in self.us
            ]
            rows.append(
                {"title": way.title, "ours": way in OWN, "cells": cells, "absent": self.absent.get(way.key, "")}
            )
        return rows


def measure(collected: Collected, tell: Tell) -> None:
    """Measure the grid. Raises WorkerError if our own side cannot be measured."""
    tell.start("choosing clean text from the installed packages")
    everything = alone().raw
    raw = {size: everything[size] for size in corpus.SIZES}
    grid = Grid()
    ways = OWN if native() else OWN[1:]
    with ExitStack() as stack:
        tell.start("building registries")
        workers = {(way, number): _started(stack, way, number, raw) for way in ways for number in NUMBERS}
        samples = {
            f"{way.key} {size} {number}": worker.sample(size, EFFORT)
            for (way, number), worker in workers.items()
            for size in corpus.SIZES
        }
        tell.start("measuring our own, turn by turn", EFFORT.rounds)
        for name, timed in interleaved(samples, EFFORT.rounds, tell.tick).items():
            who, size, count = name.split()
            grid.us[who, size, int(count)] = timed.us
        tell.start("adding secrets one by one")
        collected.take(_growth(grid))
        collected.take([_adding(workers[ways[0], max(NUMBERS)])])
    for way in PEERS:
        tell.start(f"measuring {way.title}", len(NUMBERS) * len(corpus.SIZES))
        _peer(way, raw, grid, tell)
        collected.kept["known"] = grid.to_json()
        collected.take([_against(grid, way, ways[0].key)])


def _started(stack: ExitStack, way: Way, number: int, raw: dict[str, bytes]) -> Worker:
    python = PYTHON if way.lock else Path(sys.executable)
    worker = stack.enter_context(Worker(f"{way.key}-{number}-known", way.module, python=python, options=way.options))
    worker.start(registered(number), raw)
    return worker


def _peer(way: Way, raw: dict[str, bytes], grid: Grid, tell: Tell) -> None:
    """Measure a peer with each number of secrets, the small ones first; note why it goes no further."""
    if reason := install(way.lock):
        grid.absent[way.key] = f"{package(way.lock)} cannot be installed here: {reason}"
        return
    for number in NUMBERS:
        with ExitStack() as stack:
            try:
                worker = _started(stack, way, number, raw)
                worker.ask("measure", name="4k", repeat=1)  # whatever is made at the first use
                for size in corpus.SIZES:
                    taken = _seconds(worker, size)
                    grid.us[way.key, size, number] = taken * 1e6
                    tell.tick()
                    if taken > LONG:
                        break
            except WorkerError as error:
                grid.absent[way.key] = f"with {number:,} secrets: {error}"
                return


def _seconds(worker: Worker, size: str) -> float:
    first = float(worker.ask("measure", name=size, repeat=1))
    if first > LONG:
        return first
    return statistics.median([first, *(float(worker.ask("measure", name=size, repeat=1)) for _ in range(2))])


def _growth(grid: Grid) -> Iterator[Figure]:
    for way, name in zip(OWN, ("redact_growth", "redact_growth_plain"), strict=True):
        title = f"64 KiB with 10,000 secrets / with 1,000, {way.title}"
        many, some = (grid.us.get((way.key, "64k", number)) for number in (10_000, 1_000))
        if many is None or some is None:
            yield Figure(SECTION, name, title, None, "x", 1.3, note="the extension is not built here")
            continue
        yield Figure(SECTION, name, title, many / some, "x", 1.3, note=f"{shown(many, 'µs')} and {shown(some, 'µs')}")


def _against(grid: Grid, way: Way, own: str) -> Figure:
    title, name = f"64 KiB with 10,000 secrets: faster than {way.title}", f"known_{way.key}"
    theirs = grid.us.get((way.key, "64k", 10_000))
    if theirs is None:
        return Figure(SECTION, name, title, None, "x", more=True, note=grid.absent.get(way.key, ""))
    ours = grid.us[own, "64k", 10_000]
    note = f"{package(way.lock)}: {shown(theirs / 1e3, 'ms')}; ours {shown(ours / 1e3, 'ms')}"
    return Figure(SECTION, name, title, theirs / ours, "x", more=True, note=note)


def _adding(worker: Worker) -> Figure:
    taken = worker.ask("call", method="add", arguments={"secrets": added(ADDED)})
    mean = sum(taken) / len(taken) * 1e3
    note = f"mean of {ADDED} in a row, the slowest {max(taken) * 1e3:.2g} ms; each is found by the next scan"
    return Figure(SECTION, "add_secret", "adding one secret to 10,000", mean, "ms", 1, note=note)
