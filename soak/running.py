"""One soak, from an empty folder to its evidence: stage, load and faults for so long, peace, and a clean end."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from soak.chaos import make
from soak.corrupting import Corruption, last_spent
from soak.faults import FAULTS, Target
from soak.fleet import Service, Watch, python
from soak.journal import Journal
from soak.line import Line
from soak.places import Places
from soak.shim import Shim, compiled
from soak.staging import Stage, free_port, hub_service, staged

SETTLE: Final = 60.0
"""Seconds for the hub to hear of the last usage, once all is at peace."""
DEAD: Final = 9
"""A port of loopback where nobody listens."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        seconds: of faults; with 0 each kind of fault once, however long that takes.
        trials: broken copies at each fault of that kind.
    """

    seed: int
    seconds: float
    trials: int = 1

    @property
    def pace(self) -> float:
        """How long faults last, of what is usual."""
        return 1.0 if self.seconds else 0.6

    @property
    def disk(self) -> int:
        """MiB of each service's file system: room for what is written, and not much more."""
        return 64 + int(self.seconds / 60 * 16)


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it. `load`: what the agent said of itself."""

    seconds: float
    load: Mapping[str, Any]


def run(plan: Plan, folder: Path, told: Callable[[int, float], None] = lambda faults, seconds: None) -> Run:
    """Do the soak in `folder`, and leave the evidence there. The caller has given it file systems of its own.
    `told` hears before each fault how many there were, in how many seconds.
    """
    places = Places(folder).create()
    with ExitStack() as stack:
        for state in (places.home, places.hub):
            stack.enter_context(own_file_system(state, plan.disk))
        return _run(plan, places, told)


def _run(plan: Plan, places: Places, told: Callable[[int, float], None]) -> Run:
    chance = random.Random(plan.seed)
    journal, library = Journal(places.notes / "chaos.jsonl"), compiled(places.folder)
    with ExitStack() as stack:
        ports = stack.enter_context(_outside(places))
        hub_port = free_port()
        lines = {name: Line(port, plan.seed) for name, port in (*ports.items(), ("hub", hub_port))}
        hub = hub_service(places, Shim(library, places.folder / "hub.page"), journal, hub_port)
        stack.callback(hub.stop)
        url = f"http://127.0.0.1:{hub_port}"
        stage = stack.enter_context(staged(places, hub, url, lines["shop"].port))
        by_line = f"http://127.0.0.1:{lines['hub'].port}"
        given = stage.settings(places.home, by_line, lines["model"].port, lines["shop"].port)
        edge = Service("edge", python("proxy"), given, places.logs, Shim(library, places.folder / "edge.page"), journal)
        stack.callback(edge.stop)
        edge.start()
        await_policy(places)
        _evidence(places, stage, plan)
        watch = stack.enter_context(closing(Watch(edge, hub)))
        corruption = Corruption(
            places.spare,
            lambda home: stage.settings(home, f"http://127.0.0.1:{DEAD}", DEAD, DEAD, EGRESS_PORT="0"),
            journal,
            lambda: last_spent(places.notes / "agent.jsonl"),
            plan.trials,
        )
        folders = {"edge": places.home, "hub": places.hub}
        target = Target(edge, hub, lines, folders, corruption, journal, chance, plan.pace)
        agent = stack.enter_context(_agent(places, stage, url, plan.seed))
        capacity = _told(agent)
        began = time.monotonic()

        def goes_on(faults: int) -> bool:
            passed = time.monotonic() - began
            told(faults, passed)
            return faults < len(FAULTS) or passed < plan.seconds

        make(target, goes_on)
        seconds = time.monotonic() - began
        _end_input(agent)
        finished = _told(agent)
        settled = _await_books(places, edge, hub)
        watch.close()
        edge.stop()
        hub.stop()
        return Run(seconds, {**capacity, **finished, "settled": settled})


@contextmanager
def own_file_system(folder: Path, mib: int) -> Generator[None, None, None]:
    """Give a folder a file system of so much room until the block ends."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "soak", str(folder)], check=True)
    try:
        yield
    finally:
        _keep(folder)


def _keep(folder: Path) -> None:
    """Move what is in it to where it stays."""
    kept = folder.with_name(f"{folder.name}.kept")
    subprocess.run(["cp", "-a", str(folder), str(kept)], check=True)
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()
    kept.rename(folder)


@contextmanager
def _outside(places: Places) -> Generator[dict[str, int], None, None]:
    order = python("soak.outside", str(places.notes), str(places.home / "audit.db"))
    with _talking(order) as popen:
        yield _told(popen)


@contextmanager
def _agent(places: Places, stage: Stage, hub: str, seed: int) -> Generator[subprocess.Popen[str], None, None]:
    settings = {
        "seed": seed,
        "notes": str(places.notes),
        "socket": str(places.home / "edge.sock"),
        "egress": stage.port,
        "client": stage.client,
        "workspace": str(places.workspace),
        "planted": stage.planted,
        "approver": stage.approver,
        "key": bytes(stage.key).hex(),
        "hub": hub,
    }
    with _talking(python("soak.agent")) as popen:
        assert popen.stdin is not None
        popen.stdin.write(json.dumps(settings) + "\n")
        popen.stdin.flush()
        yield popen


@contextmanager
def _talking(order: list[str]) -> Generator[subprocess.Popen[str], None, None]:
    popen = subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
    try:
        yield popen
    finally:
        _end_input(popen)
        try:
            popen.wait(10)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        if popen.stdout is not None:
            popen.stdout.close()


def _end_input(popen: subprocess.Popen[str]) -> None:
    if popen.stdin is not None and not popen.stdin.closed:
        popen.stdin.close()


def _told(popen: subprocess.Popen[str]) -> dict[str, Any]:
    assert popen.stdout is not None
    line = popen.stdout.readline()
    if not line:
        raise RuntimeError(f"{popen.args!r} ended with {popen.wait()}")
    told: dict[str, Any] = json.loads(line)
    return told


def await_policy(places: Places) -> None:
    """Wait until the edge has its policy."""
    transport = httpx2.HTTPTransport(uds=str(places.home / "edge.sock"))
    with httpx2.Client(transport=transport, base_url="http://edge", timeout=30) as client:
        while client.get("/v1/status").json()["policy"]["state"] != "in force":
            time.sleep(0.05)


def _evidence(places: Places, stage: Stage, plan: Plan) -> None:
    about = {
        "seed": plan.seed,
        "planted": stage.planted,
        "approvers": stage.pinned,
        "edge_public": stage.edge_public,
    }
    (places.folder / "evidence.json").write_text(json.dumps(about))


def _await_books(places: Places, edge: Service, hub: Service) -> bool:
    """Wait until the hub has heard of all usage. Tell whether it has."""
    end = time.monotonic() + SETTLE
    while time.monotonic() < end:
        edge.await_ready()
        hub.await_ready()
        with closing(sqlite3.connect(f"file:{places.home / 'edge.db'}?mode=ro", uri=True, timeout=5)) as db:
            last, sent = db.execute("SELECT last, sent FROM usage_sequence").fetchone()
        if last == sent:
            return True
        time.sleep(0.1)
    return False
