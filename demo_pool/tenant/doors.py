"""Connections that the pool passes in, one descriptor each: to the hub's console, or to the story.

Nothing of a tenant has an address outside of it, and no file: the pool makes a pair of connected sockets and hands one
end in, over a socket that was there from the start. When that socket ends, the pool has ended, and so has the tenant.
"""

from __future__ import annotations

import array
import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

WORD: Final = 16
REQUEST: Final = 64 * 1024
PIECE: Final = 64 * 1024

Visit = Callable[[socket.socket], Awaitable[None]]


class Doors:
    """Takes in what is passed. `visits`: word -> what to do with a connection that comes with it."""

    def __init__(self, control: int, visits: Mapping[str, Visit]) -> None:
        self._control = socket.socket(fileno=control)
        self._control.setblocking(False)
        self._visits = visits
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin."""
        asyncio.get_running_loop().add_reader(self._control, self._take)

    def _take(self) -> None:
        word, passed, _, _ = self._control.recvmsg(WORD, socket.CMSG_SPACE(4))
        if not word:
            os._exit(0)  # the pool is gone
        for level, kind, raw in passed:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                found = array.array("i", raw[: len(raw) - len(raw) % 4])
                self._serve(word.decode("ascii", "replace"), socket.socket(fileno=found[0]))

    def _serve(self, word: str, connection: socket.socket) -> None:
        connection.setblocking(False)
        task = asyncio.ensure_future(self._visits[word](connection)) if word in self._visits else None
        if task is None:
            connection.close()
        else:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def to_port(connection: socket.socket, port: int) -> None:
    """Join a connection with one to a port of this tenant's loopback, byte for byte, until both have ended."""
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        there, back = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_copy(reader, back), _copy(there, writer))


async def to_answer(connection: socket.socket, answer: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> None:
    """Answer one line of JSON by one line of JSON."""
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=REQUEST)
    with suppress(ConnectionError, ValueError):
        writer.write(json.dumps(await answer(json.loads(await reader.readline()))).encode() + b"\n")
        await writer.drain()
    writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
