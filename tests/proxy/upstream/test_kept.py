"""What a provider says that nobody has asked for is nobody's answer: not that of the next request, which may be another
agent's."""

from __future__ import annotations

import asyncio
import hashlib
import random
from contextlib import suppress

import pytest
import uvloop

from proxy.upstream.client import SWITCHED, Upstream
from proxy.upstream.kept import KeptConnections
from safety_core.cli.demo.answers import say
from safety_core.errors import UnavailableError
from safety_core.model.tool_call import AgentId
from tests.proxy.egress.setting import CLIENT_TOKEN, CLIENTS, egress
from tests.proxy.listening import listening

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
FOREIGN = HEAD + b"other"


def numbered(number: int) -> bytes:
    return HEAD + b"%05d" % number


async def asked(upstream: Upstream, url: str, body: bytes = b"") -> bytes:
    """Send one request and return the body of its response."""
    response = await upstream.send("POST", f"{url}/", ((b"x-a", b"1"),), body)
    try:
        came = b""
        while chunk := await response.chunk():
            came += chunk
        return came
    finally:
        await response.aclose()


@pytest.mark.parametrize(
    "parts",
    [
        (numbered(0), FOREIGN),
        (HEAD, b"00000" + FOREIGN),
        (HEAD + b"000", b"00" + FOREIGN),
        (numbered(0) + FOREIGN,),
        (numbered(0), b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"),
        (numbered(0), b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
        (numbered(0), b"HTTP/1.1 100 Continue\r\n\r\n"),
        (numbered(0), b"no HTTP at all"),
    ],
)
async def test_a_second_answer_is_not_the_next_request_s(
    parts: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends by what came on it, and long before it would for having been idle."""
    monkeypatch.setattr(Upstream, "connector", lambda _: KeptConnections(keepalive_timeout=3600))
    connections, ended = 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(numbered(1))
            await reader.read()
            return
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.02)
        with suppress(ConnectionError):
            while await reader.read(65536):
                writer.write(numbered(1))
        ended.set()

    async with listening(serve) as url:
        upstream = Upstream(private=True, connect_seconds=60, silence_seconds=60)
        assert await asked(upstream, url) == b"00000"
        async with asyncio.timeout(60):  # what is still on its way then cannot be told from an answer
            await ended.wait()
        assert await asked(upstream, url) == b"00001"
        assert connections == 2
        await upstream.aclose()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 401 No\r\ncontent-length: 200\r\n\r\nshort"])
def test_a_connection_that_is_gone_already_is_let_go_on_the_loop_of_the_edge(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def ask() -> None:
        async with listening(serve) as url:
            upstream = Upstream(private=True, connect_seconds=60, silence_seconds=60)
            with pytest.raises(UnavailableError, match="did not answer"):
                await asked(upstream, url)
            await upstream.aclose()

    uvloop.run(ask())


async def test_a_body_that_turns_out_to_be_cut_wrongly_is_not_waited_for() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n")
        await asyncio.sleep(0.02)
        writer.write(b"zz\r\n")
        await reader.read()

    async with listening(serve) as url:
        upstream = Upstream(private=True, connect_seconds=60, silence_seconds=60)
        async with asyncio.timeout(60):  # it never ended
            with pytest.raises(UnavailableError, match="ClientPayloadError"):
                await asked(upstream, url)
        await upstream.aclose()


async def test_an_answer_in_another_protocol_is_none() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\nx" % SWITCHED)
        await reader.read()

    async with listening(serve) as url:
        upstream = Upstream(private=True, connect_seconds=60, silence_seconds=60)
        with pytest.raises(UnavailableError, match="another protocol"):
            await asked(upstream, url)
        await upstream.aclose()


async def test_no_two_agents_share_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on its way when the next request is written cannot be told from its answer."""
    monkeypatch.setitem(CLIENTS, hashlib.sha256(b"token of another").hexdigest(), AgentId("bob"))
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        here = len(connections) - 1
        while await reader.read(65536):
            connections[here] += 1
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")

    async with listening(serve) as url, egress(say("hello"), base_url=url) as here:
        for token in (CLIENT_TOKEN, "token of another", CLIENT_TOKEN, "token of another"):
            async with here.client(authorization=f"Bearer {token}") as client:
                body = {"model": "m", "messages": []}
                assert (await client.post("/openai/v1/chat/completions", json=body)).status_code == 200
    assert connections == [2, 2]


async def test_who_leaves_at_any_moment_leaves_no_answer_behind() -> None:
    chance = random.Random(7)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % length)
            await asyncio.sleep(chance.choice((0, 0, 0.002)))
            writer.write(body[: length // 2])
            await asyncio.sleep(chance.choice((0, 0, 0.002)))
            writer.write(body[length // 2 :])

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await serve(reader, writer)

    async with listening(served) as url:
        upstream = Upstream(private=True, connect_seconds=60, silence_seconds=60)
        whole = 0

        async def one(number: int) -> None:
            nonlocal whole
            body = b"%07d." % number * chance.choice((1, 100, 9000))
            try:
                async with asyncio.timeout(chance.choice((0.0005, 0.002, 0.004, 5))):
                    assert await asked(upstream, url, body) == body
                whole += 1
            except (TimeoutError, UnavailableError):
                pass

        for start in range(0, 300, 10):
            await asyncio.gather(*(one(number) for number in range(start, start + 10)))
        assert whole
        await upstream.aclose()
