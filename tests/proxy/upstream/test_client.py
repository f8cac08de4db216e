"""The one way out, on real sockets: which bytes leave, which addresses are reached, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.upstream.client import CHUNK, ORIGINS, Answer, Upstream
from safety_core.edge.home import Home
from safety_core.edge.local_ca import load_chain, make_ca
from safety_core.errors import InputError, UnavailableError
from tests.proxy.listening import listening

ANSWER = b"HTTP/1.1 200 OK\r\nX-A: 1\r\ncontent-length: 2\r\nx-a: \xe4\r\n\r\nok"


class Provider:
    """Takes one connection after the other; keeps what comes on each, and answers with the same bytes."""

    def __init__(self, answer: bytes, *, reads: bool, early: bool = False) -> None:
        self.answer = answer
        self.early = early
        self.reads = reads
        self.came: list[bytearray] = []
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came = bytearray()
        self.came.append(came)
        if not self.reads:
            self.asked.set()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            while not writer.transport.is_closing():
                await asyncio.sleep(0.01)
                with_error = writer.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                state = writer.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
                if with_error or state != 1:  # not ESTABLISHED
                    break
            self.left.set()
            writer.transport.abort()
            return
        try:
            while data := await reader.read(65536):
                came += data
                self.asked.set()
                if self.answer and _asked(came, early=self.early):
                    writer.write(self.answer)
        except ConnectionError:
            pass
        self.left.set()
        writer.close()


def _asked(came: bytearray, *, early: bool) -> bool:
    """Tell whether the last request is there: whole, or its head at least."""
    head, _, body = bytes(came[came.rindex(b" HTTP/1.1\r\n") :]).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or b"0")
    return early or len(body) >= length


@asynccontextmanager
async def provider(
    answer: bytes = ANSWER, *, reads: bool = True, early: bool = False
) -> AsyncGenerator[Provider, None]:
    here = Provider(answer, reads=reads, early=early)
    async with listening(here) as here.url:
        yield here


@asynccontextmanager
async def upstream(*, private: bool = True, silence: float = 60.0) -> AsyncGenerator[Upstream, None]:
    here = Upstream(private=private, connect_seconds=60.0, silence_seconds=silence)
    try:
        yield here
    finally:
        await here.aclose()


async def whole(answer: Answer) -> bytes:
    body = b""
    while (chunk := await answer.chunk()) is not None:
        body += chunk
    await answer.aclose()
    return body


async def test_what_leaves_is_what_was_given_and_nothing_else() -> None:
    headers = ((b"x-b", b"2"), (b"authorization", b"Bearer k"), (b"x-a", b"\xe4\xc3\xa4"), (b"x-b", b"1"))
    async with provider() as here, upstream() as out:
        answer = await out.send("POST", here.url + "/v1/%7Ea//b?q=%2f&q", headers, b"{}")
        assert answer.head.status == 200
        assert answer.head.headers == ((b"x-a", b"1"), (b"content-length", b"2"), (b"x-a", b"\xe4"))
        assert await whole(answer) == b"ok"
        assert bytes(here.came[0]) == (
            b"POST /v1/%7Ea//b?q=%2f&q HTTP/1.1\r\nhost: " + here.url[7:].encode() + b"\r\nx-b: 2\r\n"
            b"authorization: Bearer k\r\nx-a: \xe4\xc3\xa4\r\nx-b: 1\r\ncontent-length: 2\r\n\r\n{}"
        )


@pytest.mark.parametrize(
    ("method", "body", "length"), [("GET", b"", None), ("POST", b"", 0), ("DELETE", b"", None), ("GET", b"x", 1)]
)
async def test_a_request_says_how_long_its_body_is_where_it_may_have_one(
    method: str, body: bytes, length: int | None
) -> None:
    async with provider() as here, upstream() as out:
        await whole(await out.send(method, here.url, ((b"host", b"other:1"),), body))
        told = b"" if length is None else b"content-length: %d\r\n" % length
        assert bytes(here.came[0]) == method.encode() + b" / HTTP/1.1\r\nhost: other:1\r\n" + told + b"\r\n" + body


@pytest.mark.parametrize("size", [CHUNK, 10 * CHUNK])
async def test_a_connection_is_used_again_and_a_large_body_arrives_whole(size: int) -> None:
    async with provider() as here, upstream() as out:
        for _ in range(2):
            answer = await out.send("POST", here.url + "/", (), b"x" * size)
            assert await whole(answer) == b"ok"
        (came,) = here.came
        assert came.count(b"POST / HTTP/1.1\r\n") == 2
        assert came.count(b"x") == 2 * size


async def test_a_connection_on_which_a_request_still_leaves_is_not_used_again() -> None:
    async with provider(early=True) as here, upstream() as out:
        answer = await out.send("POST", here.url + "/", (), b"x" * 20_000_000)
        assert (await answer.chunk() or b"").startswith(b"ok")
        await answer.aclose()
        await whole(await out.send("GET", here.url + "/", (), b""))
        assert len(here.came) == 2


@pytest.mark.parametrize(
    "field",
    [
        (b"x", b"a\r\nb: c"),
        (b"x", b"a\nb"),
        (b"x", b"a\x00"),
        (b"x y", b"a"),
        (b"", b"a"),
        (b"x:", b"a"),
        (b"x", b"\r"),
    ],
)
async def test_what_would_end_its_line_does_not_leave(field: tuple[bytes, bytes]) -> None:
    async with provider() as here, upstream() as out:
        with pytest.raises(InputError, match="cannot carry") as caught:
            await out.send("POST", here.url + "/", (field,), b"")
        assert "b: c" not in str(caught.value)
        with pytest.raises(InputError):
            await out.send("GET", here.url + "/a b", (), b"")
        assert here.came == []


async def test_redirects_cookies_and_the_environment_s_proxies_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    moved = b"HTTP/1.1 307 Moved\r\nlocation: /there\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n"
    async with provider(moved) as here, upstream() as out:
        for _ in range(2):
            answer = await out.send("POST", here.url + "/", (), b"{}")
            assert answer.head.status == 307
            await answer.aclose()
        came = b"".join(here.came)
        assert came.count(b"POST / HTTP/1.1") == 2
        assert b"there" not in came
        assert b"cookie" not in came


async def test_a_body_is_handed_on_as_it_is_packed() -> None:
    packed = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nGZIP"
    async with provider(packed) as here, upstream() as out:
        assert await whole(await out.send("GET", here.url + "/", (), b"")) == b"GZIP"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nx: %s\r\n\r\n" % (b"x" * 100_000),
        b"SSH-2.0-x\r\n",
    ],
)
async def test_what_is_no_answer_is_told_without_its_content(answer: bytes) -> None:
    async with provider(answer) as here, upstream(silence=0.2) as out:
        with pytest.raises(UnavailableError, match="did not answer") as caught:
            await whole(await out.send("GET", here.url + "/", (), b""))
        assert "hello" not in str(caught.value)


async def test_a_provider_that_falls_silent_or_breaks_off_is_unavailable() -> None:
    begun = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"
    async with provider(begun) as here, upstream(silence=0.2) as out:
        answer = await out.send("GET", here.url + "/", (), b"")
        assert await answer.chunk() == b"hello"
        with pytest.raises(UnavailableError, match="Timeout"):
            await answer.chunk()
        await answer.aclose()
        await asyncio.wait_for(here.left.wait(), 60)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"])
async def test_who_is_no_longer_waited_for_sees_the_connection_break_off(answer: bytes) -> None:
    async with provider(answer) as here, upstream() as out:
        asking = asyncio.create_task(out.send("POST", here.url + "/", (), b"{}"))
        await asyncio.wait_for(here.asked.wait(), 60)
        if answer:
            await (await asking).aclose()
        else:
            asking.cancel()
            await asyncio.wait([asking])
        await asyncio.wait_for(here.left.wait(), 60)


async def test_also_while_it_does_not_take_the_body() -> None:
    """To close such a connection would wait until it has taken all of it."""
    async with provider(reads=False) as here, upstream() as out:
        asking = asyncio.create_task(out.send("POST", here.url + "/", (), b"x" * 20_000_000))
        await asyncio.wait_for(here.asked.wait(), 60)
        await asyncio.sleep(0.05)
        asking.cancel()
        await asyncio.wait([asking])
        await asyncio.wait_for(here.left.wait(), 60)


async def test_a_reader_that_takes_nothing_stops_the_provider() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536

    async with listening(endless) as url, upstream() as out:
        answer = await out.send("GET", url + "/", (), b"")
        before = -1
        while before != sent:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 40_000_000  # what the kernel holds for both sides
        taken = 0
        while taken <= before:
            taken += len(await answer.chunk() or b"")
        assert sent > before
        await answer.aclose()


def addresses(*lists: list[str]) -> Callable[..., Any]:
    """Return a resolver that answers with each list in turn, and with the last one ever after."""
    left = [*lists]

    async def resolve(
        loop: object, host: str, port: int, *, family: int = 0, **rest: object
    ) -> list[tuple[Any, Any, int, str, tuple[Any, ...]]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]

    return resolve


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "198.18.0.1",
    "192.0.0.192",
    "::1",
    "::",
    "fd00:ec2::254",
    "fe80::1%1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "::7f00:1",
    "fec0::1",
    "ff02::1",
]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is connected to; nothing is really reached."""
    tried: list[str] = []

    async def connect(loop: object, sock: socket.socket, address: tuple[Any, ...]) -> None:
        tried.append(str(address[0]))
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect)
    return tried


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_not_followed(
    address: str, reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.SelectorEventLoop, "getaddrinfo", addresses([address]))
    async with upstream(private=False) as out:
        with pytest.raises(UnavailableError, match="private address"):
            await out.send("GET", "https://provider.example/", (), b"")
    assert reached == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]", "2130706433", "127.1"]
)
async def test_an_address_in_the_url_is_judged_as_well(address: str, reached: list[str]) -> None:
    async with upstream(private=False) as out:
        with pytest.raises(UnavailableError):
            await out.send("GET", f"https://{address}/", (), b"")
    assert reached == []


async def test_of_several_addresses_only_the_public_ones_are_tried(
    reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = ["10.0.0.1", "9.9.9.9", "::1", "2620:fe::fe", "169.254.169.254"]
    monkeypatch.setattr(asyncio.SelectorEventLoop, "getaddrinfo", addresses(mixed))
    async with upstream(private=False) as out:
        with pytest.raises(UnavailableError):
            await out.send("GET", "https://provider.example/", (), b"")
    assert sorted(set(reached)) == ["2620:fe::fe", "9.9.9.9"]


async def test_a_resolver_that_changes_its_answer_gains_nothing(
    reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at is what is connected to: there is no second look-up in between."""
    monkeypatch.setattr(asyncio.SelectorEventLoop, "getaddrinfo", addresses(["9.9.9.9"], ["127.0.0.1"]))
    async with upstream(private=False) as out:
        with pytest.raises(UnavailableError, match="did not answer"):
            await out.send("GET", "https://provider.example/", (), b"")
        assert reached == ["9.9.9.9"]
    async with upstream(private=False) as out:  # another look, without what the first one remembers
        with pytest.raises(UnavailableError, match="private address"):
            await out.send("GET", "https://provider.example/", (), b"")
    assert reached == ["9.9.9.9"]


@pytest.mark.parametrize(("name", "passes"), [("provider.example", True), ("other.example", False)])
async def test_the_certificate_must_be_for_the_name_whatever_the_address(
    name: str, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make_ca(Home(tmp_path).create(), None, time.time())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_chain(context, authority.leaf(name, time.time()).pem)
    here = Provider(ANSWER, reads=True)
    monkeypatch.setattr(asyncio.SelectorEventLoop, "getaddrinfo", addresses(["127.0.0.1"]))
    trusting = ssl.create_default_context()
    trusting.load_verify_locations(cadata=authority.pem.decode())
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    async with listening(here, context) as url, upstream() as out:
        sending = out.send("GET", url.replace("127.0.0.1", "provider.example") + "/", (), b"")
        if passes:
            assert await whole(await sending) == b"ok"
        else:
            with pytest.raises(UnavailableError, match="Certificate"):
                await sending
            assert here.came == []


def test_made_up_hosts_are_not_kept_without_end() -> None:
    upstream = Upstream(private=False, connect_seconds=1, silence_seconds=1)
    for number in range(3 * ORIGINS):
        assert (
            str(upstream._split(f"https://a{number}.provider.example/v1")[0]) == f"https://a{number}.provider.example"
        )
    assert len(upstream._origins) <= ORIGINS
