"""A scripted model on loopback: keeps what it was sent, byte for byte, and answers as its script says.

    async with Model(say("hello")) as model:
        ...                              # send requests to model.url
        model.requests[0].json()         # what arrived

    with running(say("hello")) as model:     # the same, for callers that are no coroutines
        ...

A script is any function from what arrived to a `Reply`; `answers` makes the usual ones. A reply's chunks are written
one by one, each flushed, so a script decides how the bytes are cut; a chunk may be an `asyncio.Event` to wait for.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Chunk: TypeAlias = bytes | asyncio.Event
Headers: TypeAlias = Sequence[tuple[str, str]]

STREAM: Final = (("content-type", "text/event-stream"),)
WHOLE: Final = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived.

    Attributes:
        number: how many requests had come when this one came, itself included.
        target: path and query.
        headers: names in lower case.
    """

    number: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body; raises ValueError if it is no JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """Return the first value under a lower-case name, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def key(self) -> str:
        """The credential that came with it, or ""."""
        named = (self.header(name) for name in ("authorization", "x-api-key", "x-goog-api-key"))
        return next((value.removeprefix("Bearer ") for value in named if value), "")

    @property
    def anthropic(self) -> bool:
        """Tell whether Anthropic's messages were asked for, rather than OpenAI's chat completions."""
        return self.target.partition("?")[0].endswith("/messages")

    @property
    def streamed(self) -> bool:
        """Tell whether the answer is to be a stream of events."""
        return self.json().get("stream") is True


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `broken`: close the connection in the middle of the body."""

    status: int = 200
    headers: Headers = WHOLE
    chunks: Sequence[Chunk] = ()
    broken: bool = False


Script: TypeAlias = Callable[[Received], Reply]


@dataclass(slots=True)
class Model:
    """The server; serves while entered.

    Attributes:
        requests: all that arrived, in order.
        arrived: set once a request is there.
        left: set when a client closes its connection before the reply is complete.
        url: where it listens, without a path.
    """

    script: Script
    requests: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Model:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._stack.push_async_callback(self._hang_up)
        self._stack.callback(server.close)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def _hang_up(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                self.arrived.set()
                if not await self._answer(self.script(request), reader, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Received | None:
        """Return the next request, None if the client leaves instead."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            parts = [line.partition(":") for line in lines]
            headers = tuple((name.lower(), value.strip()) for name, _, value in parts)
            body = await reader.readexactly(int(dict(headers).get("content-length", "0")))
        except asyncio.IncompleteReadError:
            return None
        method, target, _ = first.split(" ")
        return Received(len(self.requests) + 1, method, target, headers, body)

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Return whether the connection can take another request."""
        gone = asyncio.create_task(reader.read(1))  # nothing is pipelined: a read ends only when the client leaves
        try:
            return await self._write(reply, gone, writer) and not gone.done()
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _write(self, reply: Reply, gone: asyncio.Task[bytes], writer: asyncio.StreamWriter) -> bool:
        head = f"HTTP/1.1 {reply.status} Scripted\r\ntransfer-encoding: chunked\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
        unsent = head.encode()
        for chunk in reply.chunks:
            if isinstance(chunk, asyncio.Event):
                if not await _set_before(chunk, gone):
                    self.left.set()
                    return False
            elif chunk:  # an empty one would end the body
                writer.write(unsent + b"%x\r\n%s\r\n" % (len(chunk), chunk))
                unsent = b""
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(unsent if reply.broken else unsent + b"0\r\n\r\n")
        await writer.drain()
        return not reply.broken


async def _set_before(event: asyncio.Event, gone: asyncio.Task[bytes]) -> bool:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait([gone, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return not gone.done()


@contextmanager
def running(script: Script) -> Iterator[Model]:
    """Run a model in a thread of its own. The script is called there; `requests` may be read from anywhere."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="scripted model")
    thread.start()
    stack = AsyncExitStack()
    try:
        yield asyncio.run_coroutine_threadsafe(stack.enter_async_context(Model(script)), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
