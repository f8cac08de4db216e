"""A model on loopback that costs next to nothing: `python -m bench.egress.upstream`. Prints its port.

POST .../chat/completions?after=SECONDS&chunks=N&every=SECONDS&size=BYTES answers with `size` bytes of a chat completion
(about), after so many seconds; with `chunks` as that many server-sent events.
GET /left answers with the clock's readings (seconds, CLOCK_MONOTONIC) at which a client left before it was answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httptools
import uvloop

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
LEFT: list[float] = []


class Model(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answering is not None and not self._answering.done():
            LEFT.append(time.monotonic())
            self._answering.cancel()

    def on_message_begin(self) -> None:
        self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_message_complete(self) -> None:
        parts = urlsplit(self._url.decode())
        wish = {name: float(values[0]) for name, values in parse_qs(parts.query).items()}
        if parts.path == "/left":
            self._write(json.dumps(LEFT).encode())
        elif not wish.get("after") and not wish.get("chunks"):
            self._write(completion(int(wish.get("size", 4096))))
        else:
            self._answering = asyncio.get_running_loop().create_task(self._slowly(wish))

    async def _slowly(self, wish: dict[str, float]) -> None:
        await asyncio.sleep(wish.get("after", 0))
        if not (chunks := int(wish.get("chunks", 0))):
            self._write(completion(int(wish.get("size", 4096))))
            return
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for number in range(chunks):
            self._event(chunk({"content": f"word{number} "}))
            await asyncio.sleep(wish.get("every", 0))
        self._event(chunk({}, "stop"))
        self._event(b'data: {"id":"c1","object":"chat.completion.chunk","choices":[],"usage":%b}\n\n' % dumped(USAGE))
        self._event(b"data: [DONE]\n\n")
        self._transport.write(b"0\r\n\r\n")

    def _event(self, event: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))

    def _write(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)


def completion(size: int) -> bytes:
    """Return a chat completion of about so many bytes."""
    words = "the bread is in the oven and smells of morning " * (size // 47 + 1)
    message = {"role": "assistant", "content": words[: max(0, size - 250)]}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return dumped({"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": USAGE})


def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
    """Return one event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    event = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: %b\n\n" % dumped(event)


def dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Model, "127.0.0.1", 0, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
