"""How much later an answer comes, and how many requests one core serves, beside the peers."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.egress.load import Client, request, together, wrk
from bench.egress.stage import AbsentError, Way, litellm, mitmproxy, nginx
from bench.figure import Figure
from bench.memory import resident

SECTION: Final = "The egress, beside a direct call and other proxies"
CONNECTIONS: Final = 16
FAILURES: Final = (AbsentError, OSError, AssertionError, subprocess.SubprocessError)
"""What a proxy under load may end in: it is left out with the reason."""

PEERS: Final[tuple[tuple[str, str, float], ...]] = (
    ("litellm", "LiteLLM's proxy without guardrails", 30.0),
    ("mitmproxy", "mitmproxy in reverse mode", 2.0),
    ("nginx", "a bare nginx", 1 / 20),
)
"""Name, title, and how many times its requests per core we want."""


def latency(direct: Way, edge: Way, body: bytes, number: int) -> Iterator[Figure]:
    """Yield by how much later the edge answers than the model itself, asked turn by turn by one client."""
    taken = _turns(direct, edge, body, number)
    for share, name, goal in ((0.5, "p50", 0.9), (0.99, "p99", 3.0)):
        plain, through = (_at(taken[name], share) for name in ("direct", "edge"))
        title = f"a 4 KiB request, scanning on: the edge answers later by, {name}"
        note = f"{through:.2f} ms through the edge, {plain:.2f} ms direct; {number} requests each, turn by turn"
        yield Figure(SECTION, f"egress_{name}", title, through - plain, "ms", goal, note=note)


def cost(bare: Way, edge: Way, body: bytes, rounds: int = 30) -> Iterator[Figure]:
    """Yield how much more CPU time the edge takes for a request than a proxy that only passes on.

    Both are asked in turn, by as many connections at once each time; of each, the round counts in which a request took
    least: so what else the machine does changes little.
    """
    ways = (bare, edge)
    taken: dict[str, list[float]] = {way.name: [] for way in ways}
    clients = {way.name: [Client(way) for _ in range(CONNECTIONS)] for way in ways}
    for turn in range(rounds + 2):
        for way in ways:
            raw, before = request(way, body), way.cpu()
            for _ in range(2):
                together(clients[way.name], raw)
            if turn > 1:  # the first ones warm up
                taken[way.name].append((way.cpu() - before) / (2 * CONNECTIONS))
    for client in (*clients["bare"], *clients["edge"]):
        client.close()
    least = {name: min(values) for name, values in taken.items()}
    note = f"{least['edge'] * 1e6:.0f} and {least['bare'] * 1e6:.0f} µs; {CONNECTIONS} connections, {rounds} rounds"
    title = "CPU of a 4 KiB request: the edge / a proxy that only passes on, on the same server and client"
    yield Figure(SECTION, "egress_cost", title, least["edge"] / least["bare"], "x", note=note)


@dataclass(frozen=True, slots=True)
class Speed:
    """What one proxy does: `us` of CPU a request under wrk, `later` milliseconds at the median, `mib` held then."""

    title: str
    version: str
    us: float
    later: float
    mib: float

    @property
    def rate(self) -> float:
        """Requests a second that one core would serve."""
        return 1e6 / self.us

    @property
    def note(self) -> str:
        """The same in words."""
        return (
            f"{self.version}: {self.rate:,.0f} requests a second and core, {self.us:,.0f} µs of CPU each; "
            f"answers later by {self.later:.2f} ms, p50; {self.mib:.0f} MiB of memory then"
        )


def rates(
    upstream: Way, edge: Way, body: bytes, folder: Path, tell: Callable[[str], None], seconds: int
) -> Iterator[tuple[Figure, Speed | None]]:
    """Yield requests per second and core, ours and beside each peer's, by what wrk counts and the proxy's CPU time."""
    tell("the edge under wrk")
    title = "requests a second and core, 4 KiB, scanning on (wrk, 16 connections)"
    try:
        ours = _speed("safety-gateway, everything scanned and recorded", upstream, edge, body, folder, seconds)
    except FAILURES as error:
        yield Figure(SECTION, "egress_rate", title, None, "", note=str(error)), None
        return
    yield Figure(SECTION, "egress_rate", title, ours.rate, "", note=ours.note), ours
    stages: dict[str, Callable[[], AbstractContextManager[Way]]] = {
        "litellm": lambda: litellm(upstream.port, folder, json.loads(body)["model"]),
        "mitmproxy": lambda: mitmproxy(upstream.port),
        "nginx": lambda: nginx(upstream.port, folder),
    }
    for name, title, goal in PEERS:
        tell(f"{title} under wrk")
        try:
            with stages[name]() as way:
                theirs = _speed(title, upstream, way, body, folder, seconds)
        except FAILURES as error:
            why = str(error)[:300]
            yield Figure(SECTION, f"egress_{name}", f"ours / {title}", None, "x", goal, more=True, note=why), None
            continue
        ratio = ours.rate / theirs.rate
        figure = Figure(SECTION, f"egress_{name}", f"ours / {title}", ratio, "x", goal, more=True, note=theirs.note)
        yield figure, theirs


def _speed(title: str, upstream: Way, way: Way, body: bytes, folder: Path, seconds: int) -> Speed:
    us = 1e6 / per_core(way, body, folder, seconds)
    taken = _turns(upstream, way, body, 300)
    later = _at(taken[way.name], 0.5) - _at(taken[upstream.name], 0.5)
    return Speed(title, way.version, us, later, resident(way.pid))


def per_core(way: Way, body: bytes, folder: Path, seconds: int) -> float:
    """Return how many requests a second the proxy would serve with a core of its own: requests / its CPU seconds."""
    wrk(way, body, folder, connections=CONNECTIONS, seconds=1)
    before = way.cpu()
    rate = wrk(way, body, folder, connections=CONNECTIONS, seconds=seconds)
    if rate.failed:
        raise AbsentError(f"{way.name}: {rate.failed} of {rate.requests} requests failed")
    return rate.requests / (way.cpu() - before)


def _turns(direct: Way, through: Way, body: bytes, number: int) -> dict[str, list[float]]:
    """Return milliseconds by way, asked turn by turn by one client, after a tenth as many to warm up."""
    taken: dict[str, list[float]] = {direct.name: [], through.name: []}
    clients = [(way, Client(way), request(way, body)) for way in (direct, through)]
    for turn in range(number + number // 10):
        for way, client, raw in clients:
            seconds = client.ask(raw)
            if turn >= number // 10:
                taken[way.name].append(seconds * 1000)
    for _, client, _ in clients:
        client.close()
    return taken


def _at(taken: list[float], share: float) -> float:
    if share == 0.5:
        return statistics.median(taken)
    return sorted(taken)[int(len(taken) * share)]
