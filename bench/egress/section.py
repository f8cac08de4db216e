"""Everything about the egress, as figures: `python -m bench.egress.section` for these alone."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from bench.bodies import SECRETS, made
from bench.egress import patience, speed, streams
from bench.egress.stage import edge, model
from bench.figure import Figure
from bench.peers.install import folder, install
from bench.redact import OURS
from bench.report import table
from bench.worker import Worker


def figures(body: bytes, large: bytes, tell: Callable[[str], None], *, quick: bool) -> Iterator[Figure]:
    """Start a model and an edge, and yield every figure.

    Args:
        body, large: requests of 4 KiB and 1 MiB in which nothing is found.
    """
    with tempfile.TemporaryDirectory(prefix="egress") as name, model() as direct, edge(direct.port) as (_, way):
        folder = Path(name)
        tell("the egress: one client, turn by turn")
        yield from speed.latency(direct, way, body, 300 if quick else 3000)
        tell("the egress and its peers under wrk")
        yield from speed.rates(direct, way, body, folder, 3 if quick else 8)
        tell("streams")
        yield from streams.first(direct, way, body, 20 if quick else 100)
        yield from streams.chunks(way, body, 8 if quick else 40)
        yield from streams.many(way, body, 200, 5 if quick else 10)
        tell("slow upstreams, clients that leave")
        yield from patience.crowd(direct, way, body, folder, 5 if quick else 15)
        yield from patience.leaving(direct, way, body, 5 if quick else 20)
        tell("large bodies")
        yield from patience.large(way, large, 10 if quick else 120)


def alone(*, quick: bool) -> None:
    """Measure the egress alone and print it, with bodies in which nothing is found."""
    console = Console(width=160)
    install("corpus")
    with Worker("ours", OURS) as ours:
        ours.start(SECRETS, {})
        raw = made(ours, [], folder(), lambda _: None).raw
    table.show(console, [*figures(raw["4k"], raw["1m"], console.print, quick=quick)])


if __name__ == "__main__":
    alone(quick="--quick" in sys.argv)
