"""http:// URLs: forwarded to hosts that are listed for it, once URL, headers and body have been looked through."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from pathlib import Path

import pytest

from proxy.forward.parts import Limits
from proxy.forward.tunnel import Patience
from safety_core.model.forward import ForwardRule, How
from safety_core.model.record import Event
from tests.proxy.forward.setting import BASIC, Setting, forwarding, http_origin, run
from tests.simulators.prompt_world import NEW_KEY, SECRETS

PASSWORD, TOKEN, _ = SECRETS.values()
BASIC_PASSWORD = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
SHOP = ForwardRule("shop.test", (80,), How.PLAIN)


async def post(setting: Setting, body: bytes, kind: str = "text/plain", more: str = "", path: str = "/up") -> bytes:
    head = f"POST http://shop.test{path} HTTP/1.1\r\nHost: shop.test\r\nContent-Type: {kind}\r\n{more}"
    return await setting.ask(head.encode() + BASIC + b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def test_curl_gets_and_posts(tmp_path: Path) -> None:
    async with http_origin() as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        curl = ("curl", "-sS", "--proxy", setting.url, "-m", "20")
        assert await run(*curl, "http://shop.test/a/../b%2Fc?x=1&y=%20#z", "--path-as-is") == (0, "hello", "")
        mine = ("-H", "Cookie: mine=1", "-H", "X-Word: caf\u00e9", "-H", "X-Last: 1")
        code, out, _ = await run(*curl, "-i", "http://shop.test/up", "-d", "a=b", *mine)
        assert code == 0
        assert "X-Kept: yes" in out.replace("x-kept", "X-Kept")
        (first, _), (second, body) = origin.seen
        assert first.startswith(b"GET /a/../b%2Fc?x=1&y=%20 HTTP/1.1\r\n")
        assert b"proxy-" not in first.lower()
        assert "cookie: mine=1\r\nx-word: caf\u00e9\r\nx-last: 1\r\n".encode() in second.lower()
        assert body == b"a=b"
        entries = [entry for entry in setting.log if entry.event is Event.FORWARDED]
        assert [(entry.subject, entry.counts) for entry in entries] == [
            ("shop.test:80", {"bytes": 0}),
            ("shop.test:80", {"bytes": 3}),
        ]
        ended = await setting.settled(Event.FORWARD_ENDED, 2)
        assert ended[0].call == entries[0].call
        assert ended[0].counts == {"sent": 0, "received": 5, "status": 200}
        assert setting.parts.books.to_json() == {
            "allowed": 2,
            "refused": 0,
            "open": setting.parts.books.open,
            "sent": 3,
            "received": 10,
            "last": "",
        }


@pytest.mark.parametrize(
    ("body", "kind", "more", "path", "where"),
    [
        (f"pw={PASSWORD}".encode(), "application/x-www-form-urlencoded", "", "/up", "in the body"),
        (json.dumps({"a": [TOKEN]}).encode(), "application/json", "", "/up", "in the body"),
        (gzip.compress(PASSWORD.encode(), mtime=0), "text/plain", "Content-Encoding: gzip\r\n", "/up", "in the body"),
        (base64.b64encode(f"..{PASSWORD}..".encode()), "text/plain", "", "/up", "in the body"),
        (b"x", "text/plain", f"X-Note: {PASSWORD}\r\n", "/up", "in the header x-note"),
        (b"x", "text/plain", f"Authorization: Bearer {PASSWORD}\r\n", "/up", "in the header authorization"),
        (b"x", "text/plain", f"Authorization: Basic {BASIC_PASSWORD}\r\n", "/up", "in the header authorization"),
        (b"x", "text/plain", f"X-{PASSWORD.encode().hex()}: 1\r\n", "/up", "in the name of header"),
        (b"x", "text/plain", "", f"/up?q={PASSWORD}", "in the URL"),
        (b"x", "text/plain", "", f"/{PASSWORD}/up", "in the URL"),
    ],
)
async def test_a_registered_secret_does_not_leave(
    tmp_path: Path, body: bytes, kind: str, more: str, path: str, where: str
) -> None:
    async with http_origin() as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        said = (await post(setting, body, kind, more, path)).decode()
        assert said.startswith("HTTP/1.1 403 ")
        assert where in said
        assert "SECRET_REF(D" in said
        assert PASSWORD not in said
        assert TOKEN not in said
        assert origin.seen == []
        assert [event for event, _ in setting.events()] == [Event.FORWARD_REFUSED]
        assert setting.log[0].rules == ("SecretInRequestError",)
        assert PASSWORD not in setting.parts.books.last


async def test_a_found_secret_leaves_as_the_software_s_own_credential_alone(tmp_path: Path) -> None:
    async with http_origin() as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        assert (await post(setting, b"x", more=f"Authorization: token {NEW_KEY}\r\n")).startswith(b"HTTP/1.1 200 ")
        assert setting.vault == {}
        for said in (
            await post(setting, NEW_KEY.encode()),
            await post(setting, b"x", more=f"X-Other: {NEW_KEY}\r\n"),
            await post(setting, b"x", path=f"/?key={NEW_KEY}"),
        ):
            assert said.startswith(b"HTTP/1.1 403 ")
            assert b"SECRET_REF(" in said
            assert NEW_KEY.encode() not in said
        assert len(origin.seen) == 1
        assert {value.reveal() for value in setting.vault.values()} == {NEW_KEY}


async def test_what_cannot_be_looked_into_does_not_leave(tmp_path: Path) -> None:
    async with http_origin() as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        assert (await post(setting, bytes(range(256)), "application/octet-stream")).startswith(b"HTTP/1.1 403 ")
        assert (await post(setting, b"abc", more="Content-Encoding: br\r\n")).startswith(b"HTTP/1.1 403 ")
        assert origin.seen == []


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET http://other.test/ HTTP/1.1\r\nHost: other.test", 403),
        ("GET http://shop.test:81/ HTTP/1.1\r\nHost: shop.test:81", 403),
        ("GET http://tls.test:443/ HTTP/1.1\r\nHost: tls.test:443", 403),
        ("GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1", 403),
        ("GET http://[::1]/ HTTP/1.1\r\nHost: [::1]", 403),
        ("GET http://shop.test@other.test/ HTTP/1.1\r\nHost: shop.test", 400),
        ("GET http://shop.test\\@other.test/ HTTP/1.1\r\nHost: shop.test", 400),
        ("GET http://shop.test:x/ HTTP/1.1\r\nHost: shop.test", 400),
        ("GET http:///a HTTP/1.1\r\nHost: shop.test", 400),
        ("GET http://shop.test/ HTTP/1.1\r\nHost: other.test", 400),
        ("GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\nHost: other.test", 400),
        ("GET http://shop.test/ HTTP/1.1", 400),
        ("GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n b: folded", 400),
        ("GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: upgrade", 400),
        ("POST http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400),
        ("POST http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 99999999", 413),
    ],
)
async def test_what_is_not_listed_or_unclear_is_refused(tmp_path: Path, line: str, status: int) -> None:
    rules = [SHOP, ForwardRule("tls.test", (443,), How.TUNNEL)]
    async with http_origin() as origin, forwarding(tmp_path, rules, ports={80: origin.port}) as setting:
        said = await setting.ask(line.encode() + b"\r\n" + BASIC + b"\r\n")
        assert said.startswith(f"HTTP/1.1 {status} ".encode())
        assert origin.seen == []
        assert setting.names.asked == []


async def test_nobody_is_served_without_a_token(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP]) as setting:
        said = await setting.ask(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 407 ")
        assert b'proxy-authenticate: Basic realm="safety"\r\n' in said.lower().replace(b"basic", b"Basic")
        assert setting.log == []


async def test_methods_and_body_limits_of_the_policy_hold(tmp_path: Path) -> None:
    rule = ForwardRule("shop.test", (80,), How.PLAIN, frozenset({"POST"}), body_limit=10)
    async with http_origin() as origin, forwarding(tmp_path, [rule], ports={80: origin.port}) as setting:
        assert (await post(setting, b"x" * 10)).startswith(b"HTTP/1.1 200 ")
        assert (await post(setting, b"x" * 11)).startswith(b"HTTP/1.1 413 ")
        chunked = b"POST http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n" + BASIC
        assert (await setting.ask(chunked + b"\r\n5\r\nhello\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert (await setting.ask(chunked + b"\r\nb\r\nhello world\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
        said = await setting.ask(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        assert b"is not listed for GET. Fix: listed are POST" in said
        assert [body for _, body in origin.seen] == [b"x" * 10, b"hello"]


async def test_large_bodies_pass_and_have_room_for_so_many_at_once(tmp_path: Path) -> None:
    body = b"a line of text\n" * 200_000
    (tmp_path / "body").write_bytes(body)
    async with http_origin() as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        curl = ("curl", "-sS", "--proxy", setting.url, "-m", "60", "--data-binary", f"@{tmp_path / 'body'}")
        assert await run(*curl, "http://shop.test/up") == (0, "hello", "")
        assert await run(*curl, "-H", "Transfer-Encoding: chunked", "http://shop.test/up") == (0, "hello", "")
        assert [raw == body for _, raw in origin.seen] == [True, True]
        assert setting.parts.room.held == 0
        setting.parts.room.most = len(body) - 1
        _, out, _ = await run(*curl, "-i", "http://shop.test/up")
        assert "HTTP/1.1 503 " in out
        assert (await post(setting, b"small")).startswith(b"HTTP/1.1 200 ")


async def test_a_second_request_on_the_connection_goes_nowhere(tmp_path: Path) -> None:
    """The next one may be for another host: there is one request on a connection."""
    get = b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n"
    async with http_origin() as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        said = await setting.ask(get)
        assert b"\r\nconnection: close\r\n" in said
        assert (await setting.ask(get + get)).startswith(b"HTTP/1.1 400 ")
        assert len(origin.seen) == 1


async def test_redirects_pass_and_are_judged_anew(tmp_path: Path) -> None:
    moved = b'HTTP/1.1 302 Found\r\nLocation: http://other.test/\r\nAlt-Svc: h3=":443"\r\nContent-Length: 0\r\n\r\n'
    async with http_origin(moved) as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        code, out, _ = await run("curl", "-sSLi", "--proxy", setting.url, "-m", "20", "http://shop.test/")
        assert code == 0
        assert "302 Found" in out
        assert "other.test:80: is not listed" in out
        assert "alt-svc" not in out.lower()
        assert len(origin.seen) == 1


@pytest.mark.parametrize("status", ["304 Not Modified", "204 No Content"])
async def test_responses_without_a_body_pass(tmp_path: Path, status: str) -> None:
    reply = f"HTTP/1.1 {status}\r\nETag: x\r\nContent-Length: 5\r\n\r\n".encode()
    async with http_origin(reply) as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        said = await setting.ask(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        assert said.startswith(f"HTTP/1.1 {status}\r\n".encode())
        assert said.endswith(b"\r\n\r\n")
        assert b"etag: x" in said.lower()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\n"
    async with http_origin(head) as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        said = await setting.ask(b"HEAD http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        assert b"\r\ncontent-length: 5\r\nx-a: 1\r\nx-a: 2\r\n" in said.lower()
        assert said.endswith(b"\r\n\r\n")


async def test_a_response_that_ends_with_its_connection_is_whole(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"packed", mtime=0))
        await writer.drain()

    async with http_origin(serve=serve) as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        code, out, _ = await run("curl", "-sS", "--compressed", "--proxy", setting.url, "-m", "20", "http://shop.test/")
        assert (code, out) == (0, "packed")


async def test_a_response_that_breaks_off_breaks_off(tmp_path: Path) -> None:
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(short)
        await writer.drain()

    async with http_origin(serve=serve) as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        code, _, _ = await run("curl", "-sS", "--proxy", setting.url, "-m", "20", "http://shop.test/")
        assert code in {18, 56}  # partial file, or a reset
        await setting.settled(Event.FORWARD_ENDED)


async def test_when_the_client_leaves_the_host_is_let_go(tmp_path: Path) -> None:
    come, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        come.set()
        try:
            await reader.read()
        finally:  # the connection may be reset
            gone.set()

    async with http_origin(serve=serve) as origin, forwarding(tmp_path, [SHOP], ports={80: origin.port}) as setting:
        _, writer = await asyncio.open_connection("127.0.0.1", setting.port)
        writer.write(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        await come.wait()
        writer.transport.abort()
        await gone.wait()
        await setting.settled(Event.FORWARD_ENDED)
        await setting.until(lambda: setting.parts.books.open == 0)


async def test_a_client_that_never_reads_is_not_waited_for(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    limits = Limits(patience=Patience(idle=0.1))
    async with (
        http_origin(serve=serve) as origin,
        forwarding(tmp_path, [SHOP], ports={80: origin.port}, limits=limits) as setting,
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", setting.port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        ended = await setting.settled(Event.FORWARD_ENDED)
        assert 0 < ended[0].counts["received"] < 1_000_000_000
        writer.close()


async def test_a_host_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], ports={80: 1}, limits=Limits()) as setting:
        said = await setting.ask(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        assert said.startswith(b"HTTP/1.1 502 ")
    async with forwarding(tmp_path, [SHOP], table={"shop.test": ["10.0.0.1"]}) as setting:
        said = await setting.ask(b"GET http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n" + BASIC + b"\r\n")
        assert said.startswith(b"HTTP/1.1 403 ")
        assert b"not public" in said
