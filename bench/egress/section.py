"""The egress in three sections of a run, each with a model, a hub and an edge of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.bodies import alone
from bench.egress import patience, speed, streams
from bench.egress.stage import Way, bare, edge, model
from bench.section import Collected, Tell

REQUESTS: Final = 2000
SECONDS: Final = 6
"""Of one run of wrk that counts; a peer's takes as long as ours."""

CROWDED: Final = 10
"""Seconds of 512 clients at once, each way: twenty answers for each."""

LARGE: Final = 40
"""Seconds of 1 MiB bodies, after 15 to warm up: 800 MiB pass; half a per cent that stayed would be twice the goal."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A model, an edge in front of it, and requests of 4 KiB and 1 MiB in which nothing is found."""

    direct: Way
    edge: Way
    body: bytes
    large: bytes
    folder: Path


@contextmanager
def staged(tell: Tell) -> Generator[Stage, None, None]:
    """Start everything, and end it after the block."""
    tell.start("choosing clean text from the installed packages")
    raw = alone().raw
    tell.start("starting a model, a hub and an edge")
    with tempfile.TemporaryDirectory(prefix="egress") as name, model() as direct, edge(direct.port) as (_, way):
        yield Stage(direct, way, raw["4k"], raw["1m"], Path(name))


def speeds(collected: Collected, tell: Tell) -> None:
    """Measure how much later an answer comes, and what a request costs, beside the peers."""
    with staged(tell) as here:
        tell.start("one client, turn by turn")
        collected.take(speed.latency(here.direct, here.edge, here.body, REQUESTS))
        with bare(here.direct.port) as passing:
            collected.take(speed.cost(passing, here.edge, here.body))
        rows = collected.kept["proxies"] = []
        for figure, row in speed.rates(here.direct, here.edge, here.body, here.folder, tell.start, SECONDS):
            collected.take([figure])
            rows += [{**asdict(row), "ours": not rows}] if row else []


def streamed(collected: Collected, tell: Tell) -> None:
    """Measure what a stream costs."""
    with staged(tell) as here:
        tell.start("streams one by one")
        collected.take(streams.first(here.direct, here.edge, here.body, 100))
        collected.take(streams.chunks(here.edge, here.body, 40))
        tell.start("streams all at once")
        collected.take(streams.many(here.edge, here.body, 200, 8))


def patient(collected: Collected, tell: Tell) -> None:
    """Measure what becomes of slow models, clients that leave, and large bodies."""
    with staged(tell) as here:
        tell.start("slow upstreams, clients that leave")
        collected.take(patience.crowd(here.direct, here.edge, here.body, here.folder, CROWDED))
        collected.take(patience.leaving(here.direct, here.edge, here.body, 20))
        tell.start("large bodies")
        collected.take(patience.large(here.edge, here.large, LARGE))
