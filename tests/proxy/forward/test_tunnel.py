"""CONNECT: what is listed is tunnelled once it has shown for which host it is, and nothing else gets out."""

from __future__ import annotations

import asyncio
import base64
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
from proxy.settings import Provider
from safety_core.edge.local_ca import LocalCa
from safety_core.errors import AuditError, PolicyError
from safety_core.model.forward import ForwardRule, How
from safety_core.model.record import Event
from safety_core.model.tool_call import AgentId
from tests.proxy.forward.setting import AGENT, BASIC, TOKEN, Setting, forwarding, http_origin, made_up_ca, run
from tests.simulators.prompt_world import SECRETS

PASSWORD = next(iter(SECRETS.values()))
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


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (BASIC, True),
        (f"proxy-authorization: Bearer {TOKEN}\r\n".encode(), True),
        (b"", False),
        (BASIC + BASIC, False),
        (f"Authorization: Bearer {TOKEN}\r\n".encode(), False),
        (b"Proxy-Authorization: Bearer wrong\r\n", False),
        (b"Proxy-Authorization: Basic !!!\r\n", False),
        (b"Proxy-Authorization: Basic " + base64.b64encode(TOKEN.encode()) + b"\r\n", False),
        (f"Proxy-Authorization: Digest {TOKEN}\r\n".encode(), False),
    ],
)
async def test_only_known_clients_are_served(tmp_path: Path, header: bytes, known: bool) -> None:
    async with forwarding(tmp_path, [SHOP], table={}) as setting:
        said = await setting.ask(b"CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n" + header + b"\r\n")
        assert said.startswith(b"HTTP/1.1 502 " if known else b"HTTP/1.1 407 ")
        assert (b'proxy-authenticate: Basic realm="safety"' in said) is not known
        assert bool(setting.log) is known


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("other.test:443", 403, "is not listed for the forward proxy"),
        ("a.shop.test:443", 403, "is not listed for the forward proxy"),
        ("shop.test:22", 403, "is not listed with port 22"),
        ("plain.test:80", 403, "reached by http:// URLs alone"),
        ("10.0.0.1:443", 403, "is an address"),
        ("127.1:443", 403, "is an address"),
        ("0x7f000001:443", 403, "is an address"),
        ("2130706433:443", 403, "is an address"),
        ("169.254.169.254:443", 403, "is an address"),
        ("[::1]:443", 403, "is an address"),
        ("shop.test", 400, "is not host:port"),
        ("shop.test:0", 400, "does not lie in 1 to 65535"),
        ("shop.test:443:443", 400, "is no name"),
        ("sh%6fp.test:443", 400, "is not host:port"),
        ("[shop.test]:443", 400, "is no name"),
        ("shop.test.:443", 400, "is no name"),
        ("shop..test:443", 400, "is no name"),
        ("http://shop.test:443/", 400, "is not host:port"),
        ("ours.test:443", 403, "is not listed for ada"),
        ("both.test:443", 502, "has no address"),
        ("llm.test:443", 403, "is an LLM provider: no tunnel"),
        ("api.mistral.ai:443", 403, "is an LLM provider that the edge's settings do not list"),
        ("shop.openai.azure.com:443", 403, "is an LLM provider that the edge's settings do not list"),
        ("bedrock-runtime.eu-west-1.amazonaws.com:443", 403, "is an LLM provider that the edge's settings do not list"),
        ("docs.mistral.ai:443", 502, "has no address"),
    ],
)
async def test_what_is_not_listed_is_refused_with_the_reason(
    tmp_path: Path, target: str, status: int, words: str
) -> None:
    rules = [
        SHOP,
        ForwardRule("plain.test", (80,), How.PLAIN),
        ForwardRule("ours.test", (443,), How.TUNNEL, agents=frozenset({AgentId("eve")})),
        ForwardRule("both.test", (443,), How.PLAIN, agents=frozenset({AgentId("eve")})),
        ForwardRule("both.test", (443,), How.TUNNEL, agents=frozenset({AGENT})),
        ForwardRule("llm.test", (443,), How.TUNNEL),
        ForwardRule(".mistral.ai", (443,), How.INTERCEPT),
        ForwardRule("docs.mistral.ai", (443,), How.TUNNEL),
        ForwardRule(".openai.azure.com", (443,), How.TUNNEL),
        ForwardRule("bedrock-runtime.eu-west-1.amazonaws.com", (443,), How.INTERCEPT),
    ]
    provider = Provider("openai", "openai", "https://llm.test/v1", None)
    async with forwarding(tmp_path, rules, providers=[provider], table={"shop.test": ()}) as setting:
        said = await setting.ask(f"CONNECT {target} HTTP/1.1\r\nHost: shop.test\r\n".encode() + BASIC + b"\r\n")
        assert said.startswith(f"HTTP/1.1 {status} ".encode())
        assert words in said.decode()
        assert setting.names.asked == ([target.partition(":")[0]] if status == 502 else [])
        assert setting.parts.books.refused == 1
        assert words in setting.parts.books.last


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x05\x01\x00", b""),
        (b"\x04\x01\x01\xbb\x01\x02\x03\x04\x00", b""),
        (b"\x16\x03\x01\x00\x05hello", b""),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"OPTIONS * HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"GET https://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"GET ftp://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\nHost: shop.test\n\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/3\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01", b"400 Bad Request"),
        (b"A" * 20_000, b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 20_000, b"400 Bad Request"),
    ],
)
async def test_other_protocols_and_odd_heads_are_refused(tmp_path: Path, raw: bytes, words: bytes) -> None:
    async with forwarding(tmp_path, [SHOP]) as setting:
        assert words in (await setting.ask(raw)).partition(b"\r\n")[0]
        assert setting.parts.books.refused == 1
        assert setting.parts.books.allowed == 0
        assert setting.names.asked == []


async def test_a_name_of_the_own_network_is_refused(tmp_path: Path) -> None:
    for addresses in (("10.1.2.3",), ("127.0.0.1", "192.168.1.1"), ("169.254.169.254",), ("::1",), ("0.0.0.0",)):
        async with forwarding(tmp_path, [SHOP], table={"shop.test": addresses}) as setting:
            line, _, _ = await setting.connect("shop.test:443")
            assert line == b"HTTP/1.1 403 Forbidden\r\n"
            assert "not public" in setting.parts.books.last


async def test_a_name_with_a_secret_in_it_is_never_looked_up_nor_written_down(tmp_path: Path) -> None:
    secret = PASSWORD.lower().replace("_", "-").encode().hex()[:40]
    rule = ForwardRule(".shop.test", (443,), How.TUNNEL)
    async with forwarding(tmp_path, [rule]) as setting:
        name = f"{PASSWORD.encode().hex()}.shop.test"
        line, _, _ = await setting.connect(f"{name}:443")
        assert line == b"HTTP/1.1 403 Forbidden\r\n"
        assert setting.names.asked == []
        assert "SECRET_REF(DB_PASSWORD)" in setting.parts.books.last
        assert all(PASSWORD.encode().hex() not in str(entry) and secret not in str(entry) for entry in setting.log)


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


async def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], limits=Limits(head_seconds=0.05)) as setting:
        assert (await setting.ask(b"CONNECT shop")).startswith(b"HTTP/1.1 408 ")


async def test_there_is_room_for_so_many(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], limits=Limits(connections=1)) as setting:
        _, writer = await asyncio.open_connection("127.0.0.1", setting.port)
        await setting.until(lambda: setting.parts.books.open == 1)
        assert (await setting.ask(b"")).startswith(b"HTTP/1.1 503 ")
        writer.close()
        await setting.until(lambda: setting.parts.books.open == 0)
        assert (await setting.ask(b"GET / HTTP/1.1\r\n")).startswith(b"HTTP/1.1 400 ")


async def test_what_cannot_be_recorded_does_not_leave(tmp_path: Path) -> None:
    def full(_: object) -> None:
        raise AuditError("audit log", "cannot be written")

    async with forwarding(tmp_path, [SHOP], append=full) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == b"HTTP/1.1 403 Forbidden\r\n"
        assert setting.names.asked == []


async def test_without_a_policy_or_when_halted_nothing_leaves(tmp_path: Path) -> None:
    def halted(agent: AgentId) -> None:
        raise PolicyError(f"agent {agent}", "was halted by a person")

    async with forwarding(tmp_path, [SHOP], admit=halted) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == b"HTTP/1.1 403 Forbidden\r\n"
        assert "was halted" in setting.parts.books.last


async def test_a_host_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], ports={443: 1}) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == b"HTTP/1.1 502 Bad Gateway\r\n"
        assert [event for event, _ in setting.events()] == [Event.FORWARDED, Event.FORWARD_REFUSED]


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


def client_hello(name: str | None) -> bytes:
    """Return the first message of a real TLS client."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
