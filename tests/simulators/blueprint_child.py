"""`safety blueprint` in a process of its own, killed (SIGKILL) once at each boundary of each act, whoever resumes it.

status, lines = started(words, environ, folder, dies=Deaths(file, edge))

The processes are forked off one that has everything loaded: a program that is killed forty times need not be read forty
times.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safety_core.blueprint.moves import Answer, Call
from safety_core.blueprint.run import Run
from safety_core.canonical import JsonObject
from safety_core.cli.blueprint import command as _loaded  # noqa: F401 - so that what is forked off has it
from safety_core.cli.blueprint.edge import Edge
from safety_core.cli.main import run as safety


@dataclass(frozen=True, slots=True)
class Deaths:
    """Where the process dies.

    Attributes:
        file: lists the boundaries at which it has died already.
        edge: process id of the edge, which dies first at each boundary before a call; 0 for one that lives.
    """

    file: Path
    edge: int = 0

    def list(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []

    def once(self, boundary: str) -> None:
        if boundary in self.list():
            return
        with self.file.open("a") as file:
            file.write(boundary + "\n")
            file.flush()
            os.fsync(file.fileno())
        if self.edge and boundary.endswith(" before"):
            os.kill(self.edge, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def started(
    words: list[str], environ: dict[str, str], folder: Path, dies: Deaths | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """Run one command to its end, and return its exit status (-9 where it was killed) and what it printed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    out = folder / "out"
    process = context.Process(target=_main, args=(words, environ, out, dies))
    process.start()
    process.join(120)
    assert process.exitcode in {0, 1, -9}, (process.exitcode, out.read_text())
    return process.exitcode or 0, [json.loads(line) for line in out.read_text().splitlines() if line.startswith("{")]


def _main(words: list[str], environ: dict[str, str], out: Path, dies: Deaths | None) -> None:
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1)
    os.environ.update(environ)
    if dies is not None:
        _mortal(dies)
    status = safety(words)
    sys.stdout.flush()
    os._exit(status)


def _mortal(dies: Deaths) -> None:
    """Let this process die at the boundaries: before a call, and after it, before that is on disk."""
    makes_call, asks = Edge.run, Edge.plan

    def dying_run(self: Edge, run: Run, call: Call, wait: float = 0.0) -> Answer:
        dies.once(f"{call.act.name} before")
        answer = makes_call(self, run, call, wait)
        if answer.status == "executed":
            dies.once(f"{call.act.name} after")
        return answer

    def dying_plan(self: Edge, plan: JsonObject, wait: float = 0.0) -> JsonObject:
        dies.once("plan before")
        answer = asks(self, plan, wait)
        dies.once(f"plan {answer['state']}")
        return answer

    patched: Any = Edge
    patched.run, patched.plan = dying_run, dying_plan
