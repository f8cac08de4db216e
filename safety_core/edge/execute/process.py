"""A child in its own process group: clean environment, closed input, a limit on its time and on what it prints.

Nothing of the group outlives the call: it is killed at the time limit, when the call is cancelled, and when the child
has ended but left others behind. (A process that starts a session of its own leaves the group; that is the sandbox's.)
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import BinaryIO, Final

from safety_core.edge.execute.limits import Limits
from safety_core.edge.reap import reap
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult

PASSED_ON: Final = ("PATH", "HOME", "LANG")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CHUNK: Final = 64 * 1024
DRAIN_SECONDS: Final = 1.0
"""How long output is awaited from descendants that escaped the group and hold the pipe open."""


async def run_process(
    argv: Sequence[str], cwd: str, secrets: Mapping[str, str], stdin: str, seconds: float, limits: Limits
) -> ToolResult:
    """Run a program; return its output (both streams as one), its exit status (128 + n for signal n), and what was cut.

    Args:
        secrets: environment variables for this child alone.

    Raises:
        ExecutionError: it could not be started, or did not end in `seconds`.
    """
    reading, writing = os.pipe()
    output = _Output(reading, limits.output)
    try:
        process = await _start(argv, cwd, {**limits.environment, **secrets}, stdin, writing)
        try:
            async with asyncio.timeout(seconds):
                status = await process.wait()
        finally:
            await _end(process)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await output.ended
    except TimeoutError:
        fix = "give it more time, or less to do"
        raise ExecutionError("the command", f"did not end in {seconds:g} seconds and was killed", fix) from None
    finally:
        output.close()
    return ToolResult(output.text(), status if status >= 0 else 128 - status, output.truncated)


async def _start(
    argv: Sequence[str], cwd: str, further: Mapping[str, str], stdin: str, writing: int
) -> asyncio.subprocess.Process:
    """Start the child with `writing` as its output; our copy of that end is closed in any case."""
    inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        with _input(stdin) as source:
            return await asyncio.create_subprocess_exec(
                *argv,
                stdin=source,
                stdout=writing,
                stderr=writing,
                cwd=cwd,
                env={"PATH": PATH, **inherited, **further},
                start_new_session=True,
            )
    except OSError as error:
        raise ExecutionError("the command", f"could not be started ({error.strerror})") from None
    finally:
        os.close(writing)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the group, and wait for the child."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await reap(process)


def _input(text: str) -> BinaryIO:
    """Return standard input: a file that exists in memory only, positioned at its beginning."""
    file = os.fdopen(os.memfd_create("stdin"), "w+b")
    file.write(text.encode())
    file.seek(0)
    return file


class _Output:
    """Reads a pipe to its end, keeping the first bytes."""

    def __init__(self, fd: int, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._limit = limit
        self._kept = bytearray()
        self.truncated = False
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            chunk = os.read(self._fd, CHUNK)
            if not chunk:
                self._loop.remove_reader(self._fd)
                self.ended.set_result(None)
            room = self._limit - len(self._kept)
            self._kept += chunk[:room]
            self.truncated = self.truncated or len(chunk) > room

    def close(self) -> None:
        """Stop reading."""
        self._loop.remove_reader(self._fd)
        self.ended.cancel()
        os.close(self._fd)

    def text(self) -> str:
        """Return what was kept, undecodable bytes replaced."""
        return self._kept.decode("utf-8", "replace")
