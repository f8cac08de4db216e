"""A model that keeps its own books: what it was asked, and what it stated that each answer cost.

What it states is told apart afterwards in any sum: of each model's name the answers are numbered, and each states a
power of two of its own. So the bits of a total say which answers are in it, and whether once. The lowest bits are left
free for what the edge estimates of answers whose statement it never saw.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Final

from soak.journal import Journal

if TYPE_CHECKING:
    from soak.outside import Asked, Log

FREE_BITS: Final = 14
COUNTED: Final = 15
"""Answers that a total of one kind of tokens can tell apart: no statement is above 10**9."""
MOST: Final = 2 * COUNTED
"""Answers of one model's name: half of them are told by its input, half by its output."""
STREAM: Final = "text/event-stream"


def cost(number: int) -> tuple[int, int]:
    """Return what answer `number` (from 0) of a model's name states as input and output."""
    power = 1 << (FREE_BITS + number % COUNTED)
    return (power, 1) if number < COUNTED else (1, power)


class Provider:
    """Answers chat completions, streamed and whole."""

    def __init__(self, journal: Journal, received: IO[bytes], log: Log) -> None:
        self._journal = journal
        self._received = received
        self._log = log
        self._arrived = Counter[str]()

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        """Write the answer to one request."""
        self._received.write(repr(asked.headers).encode() + b"\n" + asked.body + b"\n")
        body = json.loads(asked.body)
        model = str(body["model"])
        number = self._arrived[model]
        self._arrived[model] += 1
        token = str(body.get("user", ""))
        try:
            size = self._log.size()
        except sqlite3.Error as error:
            size = -1
            self._journal.note("unreadable", token=token, reason=error.sqlite_errorname)
        self._journal.note("arrived", token=token, model=model, number=number, log=size)
        if number >= MOST:
            writer.write(_head(429, "application/json", b'{"error": {"message": "too many of one name"}}'))
            return await writer.drain()
        given, made = cost(number)
        usage = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
        text = f"ack of {token}: " + " ".join(str(body["messages"][-1]["content"]).split()[::-1])
        if body.get("stream") is True:
            stated = (body.get("stream_options") or {}).get("include_usage") is True
            await self._stream(_events(model, text, usage if stated else None), writer)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            whole = {"id": "c", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]}
            writer.write(_head(200, "application/json", json.dumps({**whole, "usage": usage}).encode()))
            stated = True
        if stated:
            self._journal.note("stated", token=token, model=model, number=number)
        return await writer.drain()

    async def _stream(self, events: Iterator[bytes], writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {STREAM}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        for event in events:
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(0.002)
        writer.write(b"0\r\n\r\n")


def _head(status: int, kind: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status} OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _events(model: str, text: str, usage: dict[str, int] | None) -> Iterator[bytes]:
    base: dict[str, Any] = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
    extra = {} if usage is None else {"usage": None}
    for start in range(0, len(text), 12):
        delta = {"index": 0, "delta": {"content": text[start : start + 12]}, "finish_reason": None}
        yield _data({**base, "choices": [delta], **extra})
    yield _data({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], **extra})
    if usage is not None:
        yield _data({**base, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _data(event: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % json.dumps(event).encode()
