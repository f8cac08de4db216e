"""The hub's client says what went wrong, goes on without a hub, and gives its token and time to nobody in the clear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from nacl.signing import SigningKey

from safety_core.edge.hub import HubClient, check_url
from safety_core.errors import BusyError, InputError, RefusedError, UnavailableError
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Heartbeat
from tests.simulators.hub import question

KEY = SigningKey(b"\x07" * 32)
ACME = TenantId("acme")


@asynccontextmanager
async def answering(raw: bytes) -> AsyncIterator[HubClient]:
    """A server that answers every request with these bytes, and a client of it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with HubClient(f"http://127.0.0.1:{port}", ACME, KEY, patience=2.0) as client:
        yield client
    server.close()
    await server.wait_closed()


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status.encode(), len(body)) + body


CALLS: list[Callable[[HubClient], Awaitable[object]]] = [
    lambda client: client.register("token"),
    lambda client: client.fetch("timestamp.json"),
    lambda client: client.push_approval(question()),
    lambda client: client.decisions(0),
    lambda client: client.heartbeat(Heartbeat({})),
]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (http("500 Oops", b"traceback ..."), UnavailableError),
        (http("429 Slow", b"{}"), BusyError),
        (http("403 No", b'{"error": {"thing": "t", "reason": "because", "fix": "f"}}'), RefusedError),
        (http("302 Elsewhere", b""), UnavailableError),
        (b"", UnavailableError),
        (b"SSH-2.0-nonsense\r\n\r\n", UnavailableError),
    ],
)
async def test_a_bad_answer_is_one_of_two_errors(raw: bytes, kind: type[Exception]) -> None:
    async with answering(raw) as client:
        for call in CALLS:
            with pytest.raises(UnavailableError) as caught:
                await call(client)
            assert type(caught.value) is kind


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"state": "maybe", "next": "x", "time": "soon"}', b"\xff"])
async def test_an_answer_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    async with answering(http("200 OK", body)) as client:
        for call in CALLS[2:]:
            with pytest.raises(UnavailableError, match="cannot be read"):
                await call(client)


@pytest.mark.parametrize("part", [b"{},", b"[],", b"0,"])
async def test_an_answer_that_would_fill_the_memory_is_not_read(part: bytes) -> None:
    body = b'{"next": 1, "items": [' + part * 600_000 + b"{}]}"
    async with answering(http("200 OK", body)) as client:
        for call in (lambda: client.decisions(0), client.orders, client.checkpoints):
            with pytest.raises(UnavailableError, match="cannot be read"):
                await call()


async def test_hints_are_read_as_slowly_as_there_is_use_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    flood = b": connected\n\n" + b'data: {"topic":"feed"}\n\n' * 5000
    heard: list[str] = []
    async with answering(http("200 OK", flood)) as client:
        monkeypatch.setattr(asyncio, "sleep", rest)
        await client.listen(heard.append)
    first = heard[:1]
    assert (first, set(heard[1:]), len(heard)) == ([""], {"feed"}, 5001)
    assert sum(rests) > 1.0


async def test_a_server_that_is_no_hub_registers_nobody() -> None:
    async with answering(http("200 OK", b'{"object": "chat.completion"}')) as client:
        with pytest.raises(UnavailableError, match="check the hub's URL"):
            await client.register("token")


async def test_nobody_there_is_unavailable() -> None:
    async with HubClient("http://127.0.0.1:1", ACME, KEY) as client:
        with pytest.raises(UnavailableError, match="did not answer"):
            await client.fetch("timestamp.json")


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.hub.FETCH_LIMIT", 1000)
    async with answering(http("200 OK", b"x" * 1001)) as client:
        with pytest.raises(UnavailableError, match="more than 1000 bytes"):
            await client.fetch("bundles/x")


@pytest.mark.parametrize(
    "url", ["https://hub.example", "https://hub.example/base/", "http://127.0.0.1:1", "http://[::1]"]
)
def test_a_hub_is_spoken_to_over_tls_or_loopback(url: str) -> None:
    assert check_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "http://127.0.0.1.evil.example",
        "ftp://hub.example",
        "hub.example",
        "",
        "https://",
        "https://user:word@hub.example",
        "https://hub.example?x=1",
        "https://hub.example#x",
        "http://[::1",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="hub URL"):
        check_url(url)


def test_a_test_bench_may_say_that_plain_http_is_meant() -> None:
    assert check_url("http://hub:8200", insecure=True) == "http://hub:8200"


def test_the_key_is_not_shown() -> None:
    assert "key" not in repr(HubClient("http://127.0.0.1:1", ACME, KEY))
