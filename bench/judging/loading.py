"""A bundle with 1,000 rules on its way into force: how long, and whether the edge answers meanwhile.

The time is that of the edge's own steps in one process: take what the repository holds, verify it from the pinned root
on, prove it against its golden vectors, start the engine. The answers are those of a real edge, asked without a
pause while it changes from the base policy to the large one.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figure import Figure
from bench.judging import many_rules
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.bundles import BundleStore
from safety_core.edge.prove import prove
from safety_core.edge.rego import RegoEngine
from tests.simulators.repository import Repository
from tests.simulators.site import TENANT, Edge, Site, site

RULES: Final = 1_000
LOADS: Final = 3
PATIENCE: Final = 60.0
"""Seconds until a policy that is not in force by then is given up."""

SECTION: Final = f"A policy with {RULES:,} rules comes into force"


@dataclass(frozen=True, slots=True)
class Loads:
    """Seconds of each step, one for each time it was done: `taken` from the repository, verified and proved, of which
    `proved`; the engine `started`."""

    taken: list[float]
    proved: list[float]
    started: list[float]

    @property
    def whole(self) -> float:
        """Return the median of all together."""
        return _median([*map(sum, zip(self.taken, self.started, strict=True))])

    @property
    def steps(self) -> str:
        """Return the steps in words."""
        verified = _median(self.taken) - _median(self.proved)
        return f"verifying {verified:.2f} s, proving {_median(self.proved):.2f} s, engine {_median(self.started):.2f} s"


def figures() -> Iterator[Figure]:
    """Yield the seconds, and the longest wait of a call meanwhile."""
    with site() as here, here.hub():
        here.introduce()
        here.publish("base")
        with here.edge() as edge:
            calm = _answers(edge, 100)
            here.publish("large", many_rules.sources(RULES))
            busy, seconds = _meanwhile(edge, "large")
        done = asyncio.run(_loads(here))
    title = "taken from the repository, verified, proved, its engine started"
    yield Figure(SECTION, "bundle_load", title, done.whole, "s", goal=1.5, note=done.steps)
    note = f"{len(busy)} calls one after the other in {seconds:.1f} s, half of them within {_median(busy):.1f} ms; "
    note += f"{_median(calm):.1f} ms before it was published"
    yield Figure(
        SECTION, "bundle_wait", "longest wait of a call meanwhile, at a running edge", max(busy), "ms", note=note
    )


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _answers(edge: Edge, number: int) -> list[float]:
    return [_answer(edge, index) for index in range(number)]


def _answer(edge: Edge, number: int) -> float:
    """Return the milliseconds until the edge has permitted a call that reads."""
    started = time.perf_counter()
    answer = edge.decide("exec", command=f"cat notes-{number}.txt")
    if answer["decision"] != "allow":
        raise AssertionError(f"the edge did not answer as it should: {answer}")
    return (time.perf_counter() - started) * 1e3


def _meanwhile(edge: Edge, revision: str) -> tuple[list[float], float]:
    """Return the milliseconds of each call until a policy is in force, and the seconds until then."""
    started = time.perf_counter()
    taken: list[float] = []
    while edge.status()["policy"]["revision"] != revision:
        taken.append(_answer(edge, 1_000 + len(taken)))
        if time.perf_counter() - started > PATIENCE:
            raise AssertionError(f"{revision} is not in force: {edge.status()}")
    return taken, time.perf_counter() - started


async def _loads(here: Site) -> Loads:
    done = Loads([], [], [])
    for _ in range(LOADS):
        with tempfile.TemporaryDirectory() as folder:
            engine = RegoEngine()
            started = time.perf_counter()
            bundle = await _taken(here.repository, Path(folder))
            done.taken.append(time.perf_counter() - started)
            started = time.perf_counter()
            await prove(bundle, patterns=frozenset(bundle.policy.patterns), guarded=True)
            done.proved.append(time.perf_counter() - started)
            started = time.perf_counter()
            await engine.load(bundle)
            done.started.append(time.perf_counter() - started)
            await engine.close()
    return done


async def _taken(repository: Repository, folder: Path) -> TrustedBundle:
    async def fetch(path: str) -> bytes | None:
        return repository.files.get(path)

    bundle = await BundleStore(folder, TENANT, repository.root).refresh(fetch, repository.now)
    if bundle is None:
        raise AssertionError("the repository held no newer policy")
    return bundle
