"""Slow upstreams, clients that leave, and memory that must come back."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.egress.load import Client, request, wrk
from bench.egress.stage import AbsentError, Way
from bench.figure import Figure
from bench.memory import resident

SECTION: Final = "Slow upstreams, clients that leave, large bodies"
CROWD: Final = 512
WARMING: Final = 15
"""Seconds in which the edge's memory reaches what large bodies need."""


def crowd(direct: Way, edge: Way, body: bytes, folder: Path, seconds: int) -> Iterator[Figure]:
    """Yield which share of what 512 clients of a slow model complete is completed through the edge."""
    title = f"{CROWD} requests at once, each answered after 0.5 s: completed through the edge / direct"
    done = {}
    try:
        for way in (direct, edge):
            rate = wrk(way, body, folder, connections=CROWD, seconds=seconds, query="?after=0.5")
            done[way.name] = (rate.requests - rate.failed) / rate.seconds
    except AbsentError as error:
        yield Figure(SECTION, "egress_crowd", title, None, "%", 80.0, more=True, note=str(error))
        return
    note = f"{done['edge']:.0f} a second, {done['direct']:.0f} direct (wrk)"
    share = 100 * done["edge"] / done["direct"]
    yield Figure(SECTION, "egress_crowd", title, share, "%", 80.0, more=True, note=note)


def leaving(upstream: Way, edge: Way, body: bytes, number: int) -> Iterator[Figure]:
    """Yield how long after its client a request is cancelled at the model, at most."""
    raw = request(edge, body, "?after=30")
    known = -1
    while known != (known := len(_left(upstream))):  # whoever was cut off before this has to be through
        time.sleep(2)
    gone = [Client(edge).leave(raw, 0.2) for _ in range(number)]
    time.sleep(1.0)
    seen = _left(upstream)[known:]
    title = "a client leaves before its answer: cancelled at the model within"
    note = f"the longest of {number}; {len(seen)} cancelled"
    longest = max(then - now for now, then in zip(gone, seen, strict=True)) if len(seen) == number else None
    yield Figure(SECTION, "egress_leaving", title, longest, "s", 0.5, note=note)


def large(edge: Way, body: bytes, seconds: int) -> Iterator[Figure]:
    """Yield by how much memory has grown after 1 MiB bodies at 20 a second, for so long, when they are over."""
    raw = request(edge, body)
    warm = _sent(edge, raw, WARMING)
    time.sleep(3)
    before = resident(edge.pid)
    done = _sent(edge, raw, seconds)
    time.sleep(3)
    grown = resident(edge.pid) - before
    title = f"{len(body) / 2**20:.0f} MiB bodies at 20 a second for {seconds} s: memory grown that stays"
    note = f"{done} sent, after {warm} to warm up; {before:.0f} MiB before"
    yield Figure(SECTION, "egress_large_memory", title, grown, "MiB", 2.0, note=note)


def _sent(edge: Way, raw: bytes, seconds: int) -> int:
    """Send at a steady 20 a second over four connections; return how many were answered."""
    begun, count = time.monotonic(), seconds * 20
    done: list[int] = []

    def lane(number: int) -> None:
        client = Client(edge)
        for turn in range(number, count, 4):
            time.sleep(max(0.0, begun + turn / 20 - time.monotonic()))
            client.ask(raw)
            done.append(turn)
        client.close()

    lanes = [threading.Thread(target=lane, args=(number,)) for number in range(4)]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    return len(done)


def _left(upstream: Way) -> list[float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{upstream.port}/left", timeout=10) as answer:
        return [float(when) for when in json.loads(answer.read())]
