"""The guards that take part, each in an environment and a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.peers.install import apart, install, package
from bench.worker import Worker, WorkerError


@dataclass(frozen=True, slots=True)
class Guard:
    """`module` holds its `Scanner`; `lock` is its list of pinned versions, nothing for ours."""

    key: str
    title: str
    module: str
    lock: str = ""


OURS: Final = Guard("ours", "safety-gateway", "bench.judging.ours")
PEERS: Final = (
    Guard("agt", "agent-governance-toolkit", "bench.peers.agt_semantic", "agent-governance-toolkit"),
    Guard("hol_guard", "hol-guard", "bench.peers.hol_guard", "hol-guard"),
    Guard("ctrlrun", "ctrlrun", "bench.peers.ctrlrun_policy", "ctrlrun"),
)


@dataclass(frozen=True, slots=True)
class Gathering:
    """Who takes part, and why the others do not."""

    workers: dict[str, Worker]
    absent: dict[str, str]


def gathered(stack: ExitStack, tell: Callable[[str], None], *, peers: bool) -> Gathering:
    """Install and start every guard; one that cannot take part is noted with the reason."""
    workers = {OURS.key: _started(stack, OURS, Path(sys.executable))}
    absent: dict[str, str] = {}
    for guard in PEERS if peers else ():
        tell(f"installing and starting {package(guard.lock)}")
        python = apart(guard.lock)
        if reason := install(guard.lock, python):
            absent[guard.key] = f"{package(guard.lock)} cannot be installed here: {reason}"
            continue
        try:
            workers[guard.key] = _started(stack, guard, python)
        except WorkerError as error:
            absent[guard.key] = f"cannot be started here: {error}"
    return Gathering(workers, absent)


def _started(stack: ExitStack, guard: Guard, python: Path) -> Worker:
    worker = stack.enter_context(Worker(f"guard-{guard.key}", guard.module, python=python))
    worker.start({}, {})
    stack.callback(_close, worker)
    return worker


def _close(worker: Worker) -> None:
    try:
        worker.ask("call", method="close", arguments={})
    except WorkerError:
        return  # it has ended already, and what it started was its own


def judged(worker: Worker, calls: list[dict[str, Any]]) -> tuple[list[str], float]:
    """Return the answers and the seconds for all. Raises WorkerError."""
    reply = worker.ask("judge", calls=calls)
    return [*map(str, reply["answers"])], float(reply["seconds"])
