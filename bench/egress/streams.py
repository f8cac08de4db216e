"""What a stream costs: per chunk, until its first chunk, and in memory when there are many."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from typing import Final

from bench.egress.load import Client, request
from bench.egress.stage import Way
from bench.figure import Figure
from bench.memory import resident

SECTION: Final = "Streams through the egress"
CHUNKS: Final = 500


def chunks(edge: Way, body: bytes, number: int) -> Iterator[Figure]:
    """Yield the CPU time of the edge per chunk of a stream, its request left out: streams of 500 chunks and of one."""
    long, short = (_cpu(edge, body, number, count) for count in (CHUNKS, 1))
    each = (long - short) / (number * (CHUNKS - 1)) * 1e6
    title = f"CPU per chunk of a stream of {CHUNKS} chunks that come one by one"
    yield Figure(SECTION, "egress_chunk", title, each, "µs", 90.0, note=f"{number} streams, 8 at a time")


def first(direct: Way, edge: Way, body: bytes, number: int) -> Iterator[Figure]:
    """Yield by how much later the first chunk comes, asked turn by turn by one client."""
    taken: dict[str, list[float]] = {"direct": [], "edge": []}
    for turn in range(number + 5):
        for way in (direct, edge):
            client = Client(way)
            seconds = client.first(request(way, body, "?chunks=3&every=0.001"))
            client.close()
            if turn >= 5:
                taken[way.name].append(seconds * 1000)
    plain, through = (statistics.median(taken[name]) for name in ("direct", "edge"))
    note = f"{through:.2f} ms through the edge, {plain:.2f} ms direct; medians of {number}, a new connection each"
    title = "the first chunk of a stream comes later by"
    yield Figure(SECTION, "egress_first_chunk", title, through - plain, "ms", 2.0, note=note)


def many(edge: Way, body: bytes, number: int, seconds: float) -> Iterator[Figure]:
    """Yield by how much memory grows while so many streams are open at once."""
    before = resident(edge.pid)
    every = 0.25
    raw = request(edge, body, f"?chunks={int(seconds / every)}&every={every}")
    threads = [threading.Thread(target=lambda: Client(edge).first(raw)) for _ in range(number)]
    for thread in threads:
        thread.start()
    most = before
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.2)
        most = max(most, resident(edge.pid))
    title = f"{number} streams open at once: memory grows by"
    yield Figure(SECTION, "egress_streams_memory", title, most - before, "MiB", 60.0, note=f"from {before:.0f} MiB")


def _cpu(edge: Way, body: bytes, number: int, count: int) -> float:
    raw = request(edge, body, f"?chunks={count}&every=0.001")
    before = edge.cpu()
    for start in range(0, number, 8):
        threads = [threading.Thread(target=lambda: Client(edge).first(raw)) for _ in range(min(8, number - start))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    time.sleep(0.2)
    return edge.cpu() - before
