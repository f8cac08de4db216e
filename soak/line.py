"""A TCP line of ours: it carries bytes between two parts, and loses, holds, resets or cuts them when it is told to.

pass    everything goes through
drop    nobody is let in, and who is in is hung up on
stall   half open: connections stand, new ones are taken, and nothing comes through
reset   each connection is reset (RST) once a few hundred more bytes have gone through it
cut     each connection ends (FIN) there, in the middle of what it says
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress
from typing import Final

MODES: Final = ("pass", "drop", "stall", "reset", "cut")
HURT: Final = MODES[1:]
MOST_BYTES: Final = 1500
"""That still go through a line which will be reset or cut."""
LINGER: Final = struct.pack("ii", 1, 0)
"""Close with a reset."""


class Line:
    """From a port of its own to `target` on loopback. Served on a thread; `set` may be called from any other."""

    def __init__(self, target: int, seed: int) -> None:
        self.target = target
        self.port = 0
        self._mode = "pass"
        self._random = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._flowing: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="line", daemon=True)
        self._thread.start()
        ready.wait()

    def behave(self, mode: str) -> None:
        """Do so from now on. Back to "pass", what was held or hurt is hung up on: nobody gets half an answer."""
        asyncio.run_coroutine_threadsafe(self._set(mode), self._loop).result()

    def close(self) -> None:
        """End."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._flowing = asyncio.Event()
        self._flowing.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()

    async def _set(self, mode: str) -> None:
        assert self._flowing is not None
        was, self._mode = self._mode, mode
        if mode == "drop" or (mode == "pass" and was in {"stall", "reset", "cut"}):
            self._hang_up()
        if mode == "stall":
            self._flowing.clear()
        else:
            self._flowing.set()

    def _hang_up(self) -> None:
        for writer in [*self._open]:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "drop":
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, up_writer}
        self._open |= both
        pumps = [self._pump(reader, up_writer, both), self._pump(up_reader, writer, both)]
        try:
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._open -= both
            for one in both:
                one.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, both: set[asyncio.StreamWriter]
    ) -> None:
        left = -1
        with suppress(OSError):
            while data := await reader.read(65536):
                if self._flowing is not None:
                    await self._flowing.wait()
                if self._mode in {"reset", "cut"}:
                    left = self._random.randrange(MOST_BYTES) if left < 0 else left
                    data, left = data[:left], left - len(data)
                else:
                    left = -1
                writer.write(data)
                await writer.drain()
                if self._mode in {"reset", "cut"} and left <= 0:
                    self._end(both)
                    return
            if writer.can_write_eof():
                writer.write_eof()

    def _end(self, both: set[asyncio.StreamWriter]) -> None:
        for writer in both:
            if self._mode == "reset":
                line: socket.socket = writer.get_extra_info("socket")
                with suppress(OSError):
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
                writer.transport.abort()
            else:
                writer.close()
