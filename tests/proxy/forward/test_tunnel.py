"""CONNECT: what is listed is tunnelled once it has shown for which host it is, and nothing else gets out."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import ssl
import struct
from pathlib import Path

import pytest
import uvloop

from proxy.forward.parts import Limits
from proxy.forward.tunnel import Patience
from safety_core.edge.local_ca import LocalCa
from safety_core.model.forward import ForwardRule, How
from safety_core.model.record import Event
from tests.proxy.forward.setting import AGENT, Setting, client_hello, forwarding, http_origin, made_up_ca, run

SHOP = ForwardRule("shop.test", (443,), How.TUNNEL)
GET = b"GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n"


@pytest.fixture
def world(tmp_path: Path) -> LocalCa:
    return made_up_ca(tmp_path / "world")


async def through(
    setting: Setting, ca: LocalCa, name: str = "shop.test", sent: bytes = GET
) -> tuple[bytes, asyncio.StreamWriter]:
    """Open a tunnel and TLS in it, send, and return what came."""
    line, _, writer = await setting.connect("shop.test:443")
    assert line == b"HTTP/1.1 200 Connection established\r\n"
    context = ssl.create_default_context(cadata=ca.pem.decode())
    context.check_hostname = False
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = await loop.start_tls(writer.transport, protocol, context, server_hostname=name)
    assert transport is not None
    inner = asyncio.StreamWriter(transport, protocol, reader, loop)
    setting.opened.append(inner)
    inner.write(sent)
    return await reader.read(1 << 16), inner


async def test_curl_reaches_a_listed_host_and_no_other(tmp_path: Path, world: LocalCa) -> None:
    trust = tmp_path / "world.pem"
    trust.write_bytes(world.pem)
    async with http_origin(ca=world) as origin, forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting:
        curl = ("curl", "-sS", "--proxy", setting.url, "--cacert", str(trust), "-m", "20")
        assert await run(*curl, "https://shop.test/a") == (0, "hello", "")
        code, out, err = await run(*curl, "https://other.test/a")
        assert (code, out) == (56, "")
        assert "403" in err
        assert [event for event, _ in setting.events()][:1] == [Event.FORWARDED]
        await setting.settled(Event.FORWARD_ENDED)
        ended = next(entry for entry in setting.log if entry.event is Event.FORWARD_ENDED)
        assert (ended.agent, ended.subject) == (AGENT, "shop.test:443")
        assert ended.counts["sent"] > 300 < ended.counts["received"]
        refused = next(entry for entry in setting.log if entry.event is Event.FORWARD_REFUSED)
        assert (refused.subject, refused.rules) == ("other.test:443", ("ForwardRefusedError",))
        assert setting.names.asked == ["shop.test"]
    assert b"Proxy-Authorization" not in origin.seen[0][0]


async def test_the_first_message_must_be_for_the_host_that_was_asked_for(tmp_path: Path, world: LocalCa) -> None:
    reached: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(100))

    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting,
    ):
        for number, name in enumerate(("hidden.test", "127.0.0.1"), 1):  # the latter sends no name at all
            with pytest.raises((OSError, ssl.SSLError)):
                await through(setting, world, name)
            await setting.settled(Event.FORWARD_REFUSED, number)
        for sent in (b"SSH-2.0-client\r\n", GET, b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", b""):
            line, reader, writer = await setting.connect("shop.test:443")
            assert line.startswith(b"HTTP/1.1 200")
            writer.write(sent)
            if not sent:
                writer.write_eof()
            assert await _rest(reader) == b""
        refused = await setting.settled(Event.FORWARD_REFUSED, 6)
        assert [entry.rules for entry in refused] == [("ForwardRefusedError",), *[("NotTlsError",)] * 5]
        ended = await setting.settled(Event.FORWARD_ENDED, 6)
        assert all(entry.counts == {"sent": 0, "received": 0} for entry in ended)
    assert b"".join(reached) == b""


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1 << 16)
    except ConnectionError:
        return b""


async def test_a_tunnel_holds_while_either_half_goes_on(tmp_path: Path, world: LocalCa) -> None:
    """Half-close: what the server sends after the client has said its last still arrives."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(1 << 16)
        while more := await reader.read(1 << 16):
            hello += more
        writer.write(b"%d bytes came" % len(hello))
        await writer.drain()
        done.set()

    hello = client_hello("shop.test")
    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting,
    ):
        _, reader, writer = await setting.connect("shop.test:443")
        for at in range(len(hello)):  # cut anywhere
            writer.write(hello[at : at + 1])
            await writer.drain()
        writer.write(b"more")
        writer.write_eof()
        assert await reader.read() == b"%d bytes came" % (len(hello) + 4)
        await done.wait()
        ended = (await setting.settled(Event.FORWARD_ENDED))[0]
        assert ended.counts["sent"] == len(hello) + 4


async def test_bytes_pass_unchanged_both_ways_at_once(tmp_path: Path) -> None:
    sent, echoed = hashlib.sha256(), hashlib.sha256()
    draw = random.Random(7)
    parts = [draw.randbytes(draw.choice((1, 7, 1500, 65536, 300_000))) for _ in range(100)]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(draw.choice((100, 5000, 70_000))):
            writer.write(data)
            await writer.drain()

    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting,
    ):
        _, reader, writer = await setting.connect("shop.test:443")

        async def read() -> None:
            while data := await reader.read(1 << 16):
                echoed.update(data)

        reading = asyncio.create_task(read())
        for part in (client_hello("shop.test"), *parts):
            sent.update(part)
            writer.write(part)
            await writer.drain()
        writer.write_eof()
        await reading
        assert echoed.digest() == sent.digest()
        counts = (await setting.settled(Event.FORWARD_ENDED))[0].counts
        assert counts["sent"] == counts["received"] > 1 << 20


async def test_who_reads_slowly_slows_the_other_side_down(tmp_path: Path) -> None:
    """Backpressure: a client that does not read lets the server write what sockets hold, and no more."""
    written = 0
    stuck = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.read(1 << 16)
        while written < 256 << 20:
            writer.write(b"x" * 65536)
            try:
                async with asyncio.timeout(0.5):
                    await writer.drain()
            except TimeoutError:
                break
            written += 65536
        stuck.set()

    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting,
    ):
        _, _, writer = await setting.connect("shop.test:443")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(client_hello("shop.test"))
        await stuck.wait()
        assert 0 < written < 64 << 20
        writer.transport.abort()
        await setting.settled(Event.FORWARD_ENDED)


@pytest.mark.parametrize("side", ["client", "server"])
async def test_when_one_side_is_gone_the_other_goes_too(tmp_path: Path, side: str) -> None:
    gone, come = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        come.set()
        if side == "server":
            reset = struct.pack("ii", 1, 0)  # a close that is told as a reset
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            writer.transport.abort()
            return
        try:
            await reader.read()
        finally:
            gone.set()

    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting,
    ):
        _, reader, writer = await setting.connect("shop.test:443")
        writer.write(client_hello("shop.test"))
        await come.wait()
        if side == "client":
            writer.transport.abort()
            await gone.wait()
        else:
            assert await _rest(reader) == b""
        await setting.settled(Event.FORWARD_ENDED)
        assert setting.parts.books.open == 0


async def test_a_tunnel_ends_once_the_policy_no_longer_lists_it(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    limits = Limits(patience=Patience(look=0.05))
    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}, limits=limits) as setting,
    ):
        _, reader, writer = await setting.connect("shop.test:443")
        writer.write(client_hello("shop.test"))
        await asyncio.sleep(0.15)
        assert setting.parts.books.open == 1
        setting.rules.clear()
        assert await _rest(reader) == b""
        refused = await setting.settled(Event.FORWARD_REFUSED)
        ended = await setting.settled(Event.FORWARD_ENDED)
        assert refused[0].call == ended[0].call == setting.log[0].call


@pytest.mark.parametrize("patience", [Patience(hello=0.05, look=0.02), Patience(idle=0.05, look=0.02)])
async def test_who_says_nothing_is_not_waited_for(tmp_path: Path, patience: Patience) -> None:
    async with (
        http_origin() as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}, limits=Limits(patience=patience)) as setting,
    ):
        _, reader, _ = await setting.connect("shop.test:443")
        assert await _rest(reader) == b""
        await setting.settled(Event.FORWARD_ENDED)


def test_it_runs_on_the_loop_of_the_edge(tmp_path: Path, world: LocalCa) -> None:
    async def scene() -> None:
        trust = tmp_path / "world.pem"
        trust.write_bytes(world.pem)
        async with (
            http_origin(ca=world) as origin,
            forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}) as setting,
        ):
            curl = ("curl", "-sS", "--proxy", setting.url, "--cacert", str(trust), "-m", "20")
            assert await run(*curl, "https://shop.test/a") == (0, "hello", "")
            await setting.settled(Event.FORWARD_ENDED)
            with pytest.raises((OSError, ssl.SSLError)):
                await through(setting, world, "hidden.test")
            await setting.settled(Event.FORWARD_REFUSED)

    uvloop.run(scene())
