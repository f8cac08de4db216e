"""What passes between a client and its provider, on real sockets: how much is held, and what ends when one leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest

from safety_core.cli.demo.answers import say
from tests.proxy.egress.setting import CLIENT_TOKEN, Setting, egress
from tests.proxy.listening import listening

Streams: TypeAlias = "tuple[asyncio.StreamReader, asyncio.StreamWriter]"
ASK = json.dumps({"model": "m", "messages": [], "stream": True}).encode()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(text: str) -> bytes:
    data = json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode()
    frame = b"data: %s\n\n" % data
    return b"%x\r\n%s\r\n" % (len(frame), frame)


@asynccontextmanager
async def behind(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]], **changes: Any
) -> AsyncGenerator[Setting, None]:
    """Run an egress in front of a provider of one's own making."""
    async with listening(serve) as base, egress(say(""), base_url=base, **changes) as setting:
        yield setting


@asynccontextmanager
async def asked(setting: Setting, body: bytes = ASK) -> AsyncGenerator[Streams, None]:
    host, port = setting.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: edge\r\nauthorization: Bearer {CLIENT_TOKEN}\r\n"
    writer.write(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
    try:
        yield reader, writer
    finally:
        writer.close()


async def test_a_client_that_reads_slowly_slows_the_provider_down() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        frame = event("word " * 2000)
        while True:
            writer.write(frame)
            await writer.drain()
            sent += len(frame)

    async with behind(endless) as setting, asked(setting) as (reader, _):
        await reader.readuntil(b"data: ")
        before = -1
        while before != sent:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.3)
        assert sent < 60_000_000  # what the kernel holds on both connections, and little more
        taken = 0
        while sent == before:
            taken += len(await reader.read(65536))
        assert taken > 0


async def test_every_event_is_handed_on_when_it_comes() -> None:
    """A provider that is slow makes nobody wait for more than it has said."""
    more = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        for number in range(5):
            writer.write(event(f"{number} is out. "))
            await more.wait()
            more.clear()
        writer.write(b"0\r\n\r\n")

    async with behind(slow) as setting, asked(setting) as (reader, _):
        for number in range(5):
            await asyncio.wait_for(reader.readuntil(f"{number} is out. ".encode()), 60)
            more.set()
        await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 60)


@pytest.mark.parametrize("size", [10, 20_000_000])
async def test_a_client_that_leaves_before_the_answer_ends_the_request_to_the_provider(size: int) -> None:
    """Also while the provider has not taken all of it."""
    came, go, left = asyncio.Event(), asyncio.Event(), asyncio.Event()
    taken = 0

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        came.set()
        await go.wait()
        try:
            while data := await reader.read(65536):
                taken += len(data)
        except ConnectionError:
            pass
        left.set()

    body = json.dumps({"model": "m", "messages": [], "pad": "x " * (size // 2)}).encode()
    async with behind(deaf) as setting:
        async with asked(setting, body) as (_, writer):
            await asyncio.wait_for(came.wait(), 60)
            writer.transport.abort()
        await asyncio.wait_for(setting.books.settled.wait(), 60)
        go.set()
        await asyncio.wait_for(left.wait(), 60)
        assert taken <= max(len(body) // 2, 100)
        assert setting.books.log[-1].rules


async def test_a_provider_that_goes_in_the_middle_is_told_in_its_own_error_shape() -> None:
    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + event("one two. "))
        await writer.drain()
        writer.transport.abort()

    async with behind(breaking) as setting, asked(setting) as (reader, _):
        said = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 60)
        assert b"one two. " in said
        error = json.loads(said.rpartition(b"data: ")[2].partition(b"\n\n")[0])["error"]
        assert "did not answer" in error["message"]
        await asyncio.wait_for(setting.books.settled.wait(), 60)
        (metered,) = setting.books.metered
        assert metered.usage.estimated
