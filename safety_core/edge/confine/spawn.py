"""Starts a child under a confinement, and ends everything that it started.

    program = Program(("make", "all"), "/srv/agent", {"PATH": PATH})
    async with confined(program, confinement, Streams(stdout=pipe)) as child:
        async with asyncio.timeout(60):
            status = await child.wait()
    child.hits                      # bounds that it ran into: "memory", "processes"

Whatever happens in the block: behind it nothing of the child is left. `child.process` is asyncio's, with its pipes.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Final, TypeAlias

from safety_core.edge.confine.confinement import Confinement, sockets_here
from safety_core.edge.confine.group import Group
from safety_core.edge.confine.layers import LAUNCHER, Layers, instructions, layers
from safety_core.edge.reap import reap
from safety_core.errors import UnavailableError

Stream: TypeAlias = int | IO[bytes] | None

REPORT_BYTES: Final = 100


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `env` is all of its environment; `passed` are descriptors that it inherits under their numbers."""

    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Streams:
    """Standard input, output and error, each as asyncio's `create_subprocess_exec` takes it."""

    stdin: Stream = asyncio.subprocess.DEVNULL
    stdout: Stream = asyncio.subprocess.DEVNULL
    stderr: Stream = asyncio.subprocess.DEVNULL


class Confined:
    """A child, and everything that it started.

    Attributes:
        began: the program may have run; not, where the child was found not to have become it.
    """

    def __init__(self, process: Process, group: Group | None, report: int) -> None:
        self.process = process
        self.hits: tuple[str, ...] = ()
        self.began = True
        self._group = group
        self._report = report

    async def wait(self) -> int:
        """Return the exit status of the program, 128 + n for one that signal n ended.

        Raises:
            OSError: the program could not be started; `errno` says why, and `began` is no more.
            UnavailableError: it could not be confined, so it was not started.
        """
        status = await self.process.wait()
        step, _, number = self._refusal().partition(" ")
        if step == "start":
            self.began = False
            raise OSError(int(number), os.strerror(int(number)))
        if step:
            reason = f"could not be confined ({os.strerror(int(number))}), so it was not started"
            raise UnavailableError("the command", reason, "see `safety status`, and set `execute.confine`")
        return status if status >= 0 else 128 - status

    def _refusal(self) -> str:
        with suppress(BlockingIOError):
            return os.read(self._report, REPORT_BYTES).decode()
        return ""

    async def end(self) -> None:
        """Kill all of it, and let go of everything."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self._group:
            self._group.kill()
        await reap(self.process)
        os.close(self._report)
        if self._group:
            self.hits = self._group.hits()
            await self._group.end()


@asynccontextmanager
async def confined(
    program: Program, confinement: Confinement | None, streams: Streams | None = None
) -> AsyncIterator[Confined]:
    """Run a program while the block does; behind it, nothing of it is left.

    Args:
        confinement: None: none, only a process group of its own.

    Raises:
        OSError: it could not be started. Some reasons are known only once it is waited for.
    """
    child = await _start(program, confinement, streams or Streams())
    try:
        yield child
    finally:
        await asyncio.shield(child.end())


async def _start(program: Program, confinement: Confinement | None, streams: Streams) -> Confined:
    here = layers() if confinement else Layers()
    group = Group.create(confinement.memory, confinement.processes) if confinement else None
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    source = None
    try:
        argv, passed, env, cwd = list(program.argv), program.passed, dict(program.env), program.cwd
        if confinement and group:
            source = instructions(_todo(program, confinement, here, group, writing))
            argv, passed, env, cwd = [*LAUNCHER, str(source)], (*passed, source, writing), {}, "/"
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            cwd=cwd,
            env=env,
            pass_fds=passed,
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        if group:
            await group.end()
        raise
    finally:
        os.close(writing)
        if source is not None:
            os.close(source)
    return Confined(process, group, reading)


def _todo(program: Program, confinement: Confinement, here: Layers, group: Group, report: int) -> dict[str, object]:
    """Return what the launcher is to do, as `launch` reads it."""
    return {
        "report": report,
        "parent": os.getpid(),
        "argv": [os.fsencode(word) for word in program.argv],
        "env": {os.fsencode(name): os.fsencode(value) for name, value in program.env.items()},
        "cwd": os.fsencode(program.cwd),
        "passed": list(program.passed),
        "groups": group.joins(),
        "limits": _limits(confinement, here),
        "rooms": "" if here.rooms == "none" else here.rooms,
        "sealed": here.sealed,
        "landlock": here.landlock > 0,
        "readable": list(confinement.readable),
        "writable": list(confinement.writable),
        "hidden": _hidden(confinement, here),
        "network": confinement.network,
        "processes": confinement.processes if here.rooms == "user" else 0,
    }


def _hidden(confinement: Confinement, here: Layers) -> list[str]:
    """Return what is not to be there. Landlock alone keeps nobody from a socket's path, and who makes files beside one
    would be kept from that: so without namespaces sockets are left out."""
    left_out = sockets_here() if here.rooms == "none" else ()
    return [path for path in confinement.hidden if path not in left_out]


def _limits(confinement: Confinement, here: Layers) -> list[tuple[int, int]]:
    bounds = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, confinement.file_size),
        (resource.RLIMIT_NOFILE, confinement.open_files),
    ]
    if not here.memory:  # of data, not of addresses: Node, Go and Java reserve many more than they use
        bounds.append((resource.RLIMIT_DATA, confinement.memory))
    if confinement.cpu_seconds is not None:
        bounds.append((resource.RLIMIT_CPU, confinement.cpu_seconds))
    return bounds
