"""A confined child: clean environment, closed input, a limit on its time and on what it prints.

Nothing that it started outlives the call: all is killed at the time limit, when the call is cancelled, and when the
child has ended but left others behind. What holds it, and what it may do, is in `safety_core.edge.confine`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from safety_core.edge.confine.held import held
from safety_core.edge.confine.spawn import Program, Streams, confined
from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.told import told
from safety_core.errors import ExecutionError, UncertainError
from safety_core.model.tool_call import ToolResult

PASSED_ON: Final = ("PATH", "HOME", "LANG")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CHUNK: Final = 64 * 1024
DRAIN_SECONDS: Final = 1.0
"""How long output is awaited from descendants that hold the pipe open, where nothing could end them."""

COMMANDS_AT_ONCE: Final = 32
"""Commands at the same time: of each the edge keeps what it prints, and has descriptors and two processes."""

PLACE_SECONDS: Final = 60.0
"""How long a further one waits for its turn."""

_places: asyncio.Semaphore | None = None


async def run_process(
    argv: Sequence[str], cwd: str, secrets: Mapping[str, str], stdin: str, seconds: float, limits: Limits
) -> ToolResult:
    """Run a program; return its output (both streams as one), its exit status (128 + n for signal n), and what was cut.

    Bounds that it ran into stand behind its output, each in a line of its own.

    Args:
        secrets: environment variables for this child alone.

    Raises:
        ExecutionError: it could not be started, or did not end in `seconds`; or too many others are under way.
        UncertainError: it was started, and what became of it could not be told.
        UnavailableError: it could not be confined.
    """
    async with _place():
        return await _run(argv, cwd, secrets, stdin, seconds, limits)


@asynccontextmanager
async def _place() -> AsyncGenerator[None, None]:
    """Wait for one's turn. Raises ExecutionError: it did not come."""
    global _places  # noqa: PLW0603 - made once, in the loop that uses it
    if _places is None:
        _places = asyncio.Semaphore(COMMANDS_AT_ONCE)
    places = _places
    try:
        async with asyncio.timeout(PLACE_SECONDS):
            await places.acquire()
    except TimeoutError:
        reason = f"was not started: {COMMANDS_AT_ONCE} others are under way"
        raise ExecutionError("the command", reason, "try again when some have ended") from None
    try:
        yield
    finally:
        places.release()


async def _run(
    argv: Sequence[str], cwd: str, secrets: Mapping[str, str], stdin: str, seconds: float, limits: Limits
) -> ToolResult:
    inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    program = Program(argv, cwd, {"PATH": PATH, **inherited, **limits.environment, **secrets})
    try:
        reading, writing = os.pipe()
    except OSError as error:
        raise ExecutionError("the command", f"could not be started ({error.strerror})") from None
    output = _Output(reading, limits)
    child = None
    try:
        with os.fdopen(writing, "wb") as end, os.fdopen(held(stdin.encode()), "rb") as source:
            async with confined(program, limits.confinement, Streams(source, end, end)) as child:
                end.close()
                output.stop = child.process.kill
                async with asyncio.timeout(seconds):
                    status = await child.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await output.ended
    except TimeoutError:
        fix = "give it more time, or less to do"
        raise ExecutionError("the command", f"did not end in {seconds:g} seconds and was killed", fix) from None
    except OSError as error:
        if child is None or not child.began:
            raise ExecutionError("the command", f"could not be started ({error.strerror})") from None
        fix = "look whether it happened before you do it again"
        raise UncertainError("the command", f"may have run, and was ended ({error.strerror})", fix) from None
    finally:
        output.close()
    text = output.text()
    words = told(limits, child.hits, status, text, flooded=output.flooded)
    text += "\n" if words and text and not text.endswith("\n") else ""
    return ToolResult(text + words, status, output.truncated)


class _Output:
    """Reads a pipe to its end, keeping the first bytes. `stop` is called, once, when it is far too much."""

    def __init__(self, fd: int, limits: Limits) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._limit = limits.output
        self._left = limits.flood
        self._kept = bytearray()
        self.stop: Callable[[], None] | None = None
        self.truncated = False
        self.flooded = False
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
            self._left -= len(chunk)
            if self._left < 0 and self.stop and not self.flooded:
                self.flooded = True
                with suppress(ProcessLookupError):
                    self.stop()

    def close(self) -> None:
        """Stop reading."""
        self._loop.remove_reader(self._fd)
        self.ended.cancel()
        os.close(self._fd)

    def text(self) -> str:
        """Return what was kept, undecodable bytes replaced."""
        return self._kept.decode("utf-8", "replace")
