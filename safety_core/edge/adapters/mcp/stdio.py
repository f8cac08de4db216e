"""An MCP server that is a program: started for one call, and ended with it.

Its secrets are environment variables of this one process; it inherits no others but PATH, HOME and LANG. What it writes
to its standard error goes nowhere: it may be anything. The kernel ends it with the process that started it.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shlex
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from safety_core.edge.adapters.request import Request

Streams: TypeAlias = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]
]

MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""One message of a server: more than any result that a model reads, less than the process may hold."""

LEAVING_SECONDS: Final = 1.0
"""How long a server may take to end by itself once its standard input is closed."""

PR_SET_PDEATHSIG: Final = 1
"""Kill this process when the one that started it ends (prctl(2))."""


@asynccontextmanager
async def running(request: Request) -> AsyncGenerator[Streams, None]:
    """Start the server; yield what reads its messages and what writes to it.

    Raises:
        ExecutionError: it cannot be started.
    """
    process = await _started(request)
    sending, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    writing, written = anyio.create_memory_object_stream[SessionMessage](0)
    async with asyncio.TaskGroup() as tasks:
        pumps = [tasks.create_task(_read(process, sending)), tasks.create_task(_write(process, written))]
        try:
            yield received, writing
        finally:
            received.close()
            writing.close()
            await _ended(process)
            for pump in pumps:
                pump.cancel()


async def _started(request: Request) -> asyncio.subprocess.Process:
    connection = request.connection
    try:
        words = shlex.split(connection.target)
    except ValueError:
        words = []
    if not words:
        raise request.refusal("has no command line as its target", 'write target = "program argument ..."')
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/tmp"), "LANG": "C.UTF-8"}  # noqa: S108
    env |= {slot: request.secret(slot) or "" for slot in connection.secrets}
    try:
        return await asyncio.create_subprocess_exec(
            *words, env=env, cwd=request.option("directory") or None, limit=MESSAGE_BYTES,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its command line is none"
        fix = "check the target in the edge's settings; the program must be readable where services run"
        raise request.refusal(f"has a server that cannot be started ({why})", fix) from None


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


async def _read(
    process: asyncio.subprocess.Process, sending: MemoryObjectSendStream[SessionMessage | Exception]
) -> None:
    """Pass on each line that is a message. One that is too long ends the session; what is no message is passed over."""
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, ValueError, ConnectionError):
        async with sending:
            while process.stdout is not None and (line := await process.stdout.readline()):
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    continue
                await sending.send(SessionMessage(message))


async def _write(process: asyncio.subprocess.Process, written: MemoryObjectReceiveStream[SessionMessage]) -> None:
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, ConnectionError):
        async with written:
            async for each in written:
                if process.stdin is not None:
                    text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                    process.stdin.write(text.encode() + b"\n")
                    await process.stdin.drain()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let the server end by itself for a moment, then kill it."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(LEAVING_SECONDS):
            await process.wait()
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
