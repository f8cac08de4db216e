"""How much later an answer comes, and how many requests one core serves, beside the peers."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from bench.egress.load import Client, request, wrk
from bench.egress.stage import AbsentError, Way, litellm, mitmproxy, nginx
from bench.figure import Figure

SECTION: Final = "The egress, beside a direct call and other proxies"
CONNECTIONS: Final = 16

PEERS: Final[tuple[tuple[str, str, float], ...]] = (
    ("litellm", "LiteLLM's proxy without guardrails", 30.0),
    ("mitmproxy", "mitmproxy in reverse mode", 2.0),
    ("nginx", "a bare nginx", 1 / 20),
)
"""Name, title, and how many times its requests per core we want."""


def latency(direct: Way, edge: Way, body: bytes, number: int) -> Iterator[Figure]:
    """Yield by how much later the edge answers than the model itself, asked turn by turn by one client."""
    taken: dict[str, list[float]] = {"direct": [], "edge": []}
    clients = [(way, Client(way), request(way, body)) for way in (direct, edge)]
    for turn in range(number + number // 10):
        for way, client, raw in clients:
            seconds = client.ask(raw)
            if turn >= number // 10:
                taken[way.name].append(seconds * 1000)
    for _, client, _ in clients:
        client.close()
    for share, name, goal in ((0.5, "p50", 0.9), (0.99, "p99", 3.0)):
        plain, through = (_at(taken[name], share) for name in ("direct", "edge"))
        title = f"a 4 KiB request, scanning on: the edge answers later by, {name}"
        note = f"{through:.2f} ms through the edge, {plain:.2f} ms direct; {number} requests each, turn by turn"
        yield Figure(SECTION, f"egress_{name}", title, through - plain, "ms", goal, note=note)


def rates(upstream: Way, edge: Way, body: bytes, folder: Path, seconds: int) -> Iterator[Figure]:
    """Yield requests per second and core, ours and beside each peer's, by what wrk counts and the proxy's CPU time."""
    title = "requests a second and core, 4 KiB, scanning on (wrk, 16 connections)"
    try:
        ours = per_core(edge, body, folder, seconds)
    except AbsentError as error:
        yield Figure(SECTION, "egress_rate", title, None, "", note=str(error))
        return
    yield Figure(SECTION, "egress_rate", title, ours, "", note=f"{1e6 / ours:.0f} µs of CPU a request")
    stages: dict[str, Callable[[], AbstractContextManager[Way]]] = {
        "litellm": lambda: litellm(upstream.port, folder, json.loads(body)["model"]),
        "mitmproxy": lambda: mitmproxy(upstream.port),
        "nginx": lambda: nginx(upstream.port, folder),
    }
    for name, title, goal in PEERS:
        try:
            with stages[name]() as way:
                theirs = per_core(way, body, folder, seconds)
        except AbsentError as error:
            yield Figure(SECTION, f"egress_{name}", f"ours / {title}", None, "x", goal, more=True, note=str(error))
            continue
        note = f"{theirs:,.0f} requests a second and core; {1e6 / theirs:.0f} µs of CPU a request"
        yield Figure(SECTION, f"egress_{name}", f"ours / {title}", ours / theirs, "x", goal, more=True, note=note)


def per_core(way: Way, body: bytes, folder: Path, seconds: int) -> float:
    """Return how many requests a second the proxy would serve with a core of its own: requests / its CPU seconds."""
    wrk(way, body, folder, connections=CONNECTIONS, seconds=1)
    before = way.cpu()
    rate = wrk(way, body, folder, connections=CONNECTIONS, seconds=seconds)
    if rate.failed:
        raise AbsentError(f"{way.name}: {rate.failed} of {rate.requests} requests failed")
    return rate.requests / (way.cpu() - before)


def _at(taken: list[float], share: float) -> float:
    if share == 0.5:
        return statistics.median(taken)
    return sorted(taken)[int(len(taken) * share)]
