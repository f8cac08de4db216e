"""What comes too slowly, too large, or over too many connections is refused; others are answered meanwhile."""

from __future__ import annotations

import asyncio
import json

import pytest

from hub import server
from hub.auth import bodies
from hub.console.visit import GUEST_BYTES
from safety_core.edge.body import read_body
from safety_core.edge.http import guarded
from safety_core.edge.http.head import HEAD_BYTES
from safety_core.wire.reader import BODY_LIMIT
from tests.simulators.hub import RunningHub
from tests.simulators.visitors import browser

HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: hub\r\n\r\n"


class Raw:
    """One socket, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def said(self) -> tuple[int, str]:
        """Return status and reason of the answer."""
        async with asyncio.timeout(60):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = json.loads(await self.reader.readexactly(length))
        return int(head[9:12]), body["error"]["reason"] if "error" in body else "ok"

    async def closed(self) -> bool:
        """Wait until the other side ends."""
        async with asyncio.timeout(60):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


async def raw(hub: RunningHub) -> Raw:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(hub.url.rpartition(":")[2]))
    hub.clients.append(lambda: _close(writer))
    return Raw(reader, writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def answered(hub: RunningHub) -> None:
    one = await raw(hub)
    one.writer.write(HEALTH)
    assert await one.said() == (200, "ok")


async def test_a_head_that_comes_too_slowly_is_refused(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "HEAD_SECONDS", 0.2)
    slow = [await raw(small_hub) for _ in range(20)]
    for one in slow:
        one.writer.write(HEALTH[:20])
    await answered(small_hub)
    for one in slow:
        assert await one.said() == (400, "did not come within 0.2 seconds")
        assert await one.closed()


async def test_a_body_that_comes_too_slowly_is_refused(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(read_body.__kwdefaults__, "seconds", 0.2)
    slow = await raw(small_hub)
    headers = "Safety-Tenant: acme\r\nSafety-Time: 1800000000\r\n"
    headers += f"Safety-Nonce: {'0' * 32}\r\nSafety-Signature: {'0' * 128}\r\n"
    slow.writer.write(f"POST /v1/usage HTTP/1.1\r\nHost: hub\r\n{headers}Content-Length: 100\r\n\r\n{{".encode())
    await answered(small_hub)
    assert await slow.said() == (400, "did not arrive within 0.2 seconds")
    assert await slow.closed()


async def test_a_connection_that_says_nothing_is_closed(small_hub: RunningHub) -> None:
    one = await raw(small_hub)
    assert await one.closed()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /v1/health HTTP/1.1\r\nHost: hub\r\nX: " + b"x" * HEAD_BYTES + b"\r\n\r\n", 400),
        (b"GET /v1/health HTTP/1.1\r\nHost: hub\r\n" + b"X: y\r\n" * 1000 + b"\r\n", 400),
        (b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\nHost: hub\r\n\r\n", 400),
        (b"POST /v1/usage HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (HEALTH + HEALTH, 400),
    ],
)
async def test_a_head_that_is_too_large_or_read_in_two_ways_is_refused(
    small_hub: RunningHub, head: bytes, status: int
) -> None:
    one = await raw(small_hub)
    one.writer.write(head)
    assert (await one.said())[0] == status
    assert await one.closed()
    await answered(small_hub)


async def test_a_body_that_is_too_large_is_refused_before_it_comes(small_hub: RunningHub) -> None:
    one = await raw(small_hub)
    headers = f"Safety-Tenant: acme\r\nSafety-Time: 1\r\nSafety-Nonce: {'0' * 32}\r\nSafety-Signature: {'0' * 128}\r\n"
    one.writer.write(
        f"POST /v1/usage HTTP/1.1\r\nHost: hub\r\n{headers}Content-Length: {BODY_LIMIT + 1}\r\n\r\n".encode()
    )
    assert await one.said() == (413, f"is larger than {BODY_LIMIT} bytes")


async def test_one_address_has_only_so_many_connections(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PER_ADDRESS", 3)
    monkeypatch.setattr(server, "LOOPBACK", frozenset())
    held = [await raw(small_hub) for _ in range(3)]
    for one in held:
        one.writer.write(HEALTH)
        assert await one.said() == (200, "ok")
    fourth = await raw(small_hub)
    assert await fourth.said() == (503, "has 3 connections, as many as it holds")
    assert await fourth.closed()
    held[0].writer.close()
    await held[0].writer.wait_closed()
    async with asyncio.timeout(60):
        while server._addresses["127.0.0.1"] > 2:  # noqa: ASYNC110 - it ends when the hub has noticed
            await asyncio.sleep(0.01)
    await answered(small_hub)


async def test_all_together_have_only_so_many_connections(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST", 2)
    held = [await raw(small_hub) for _ in range(2)]
    for one in held:
        one.writer.write(HEALTH)
        assert await one.said() == (200, "ok")
    assert (await (await raw(small_hub)).said())[0] == 503


async def test_half_sent_bodies_of_one_address_leave_room_for_others(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODIES", 400_000)
    headers = f"Safety-Tenant: acme\r\nSafety-Time: 1\r\nSafety-Nonce: {'0' * 32}\r\nSafety-Signature: {'0' * 128}\r\n"
    half = f"POST /v1/usage HTTP/1.1\r\nHost: hub\r\n{headers}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 150_000
    first, second = await raw(small_hub), await raw(small_hub)
    first.writer.write(half)
    async with asyncio.timeout(60):
        while bodies._held.total() < 150_000:  # noqa: ASYNC110 - it ends when the hub has read it
            await asyncio.sleep(0.01)
    second.writer.write(half)
    assert await second.said() == (503, "holds as many bodies of requests as it can")
    await answered(small_hub)
    first.writer.close()
    async with asyncio.timeout(60):
        while bodies._held:  # noqa: ASYNC110 - it ends when the hub has noticed
            await asyncio.sleep(0.01)


async def test_who_is_not_signed_in_sends_little(small_hub: RunningHub) -> None:
    guest = browser(small_hub)
    for place in ("/sign-in/offer", "/sign-in/passkey", f"/invite/{'x' * 43}/passkey"):
        assert (await guest.post(place, json={"x": "y" * GUEST_BYTES})).status_code == 413, place
