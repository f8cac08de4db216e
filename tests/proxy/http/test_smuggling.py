"""Requests that two readers could take for two different ones, on real sockets: refused, closed, never forwarded."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from safety_core.cli.demo.answers import fail
from safety_core.cli.demo.model import Reply
from safety_core.edge.http.framing import EXTENSION_BYTES
from safety_core.edge.http.head import FIELDS, HEAD_BYTES, TARGET_BYTES
from tests.proxy.egress.setting import CLIENT_TOKEN, Setting, egress

BODY = b'{"model":"m","messages":[]}'
LINE = b"POST /v1/chat/completions HTTP/1.1\r\n"
HOST = b"Host: edge\r\n"
KEY = b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n" % CLIENT_TOKEN.encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
WHOLE = LINE + HOST + KEY + LENGTH + b"\r\n" + BODY


def post(*headers: bytes, body: bytes = BODY, line: bytes = LINE, host: bytes = HOST) -> bytes:
    return line + host + KEY + b"".join(headers) + b"\r\n" + body


def chunks(body: bytes) -> bytes:
    return post(CHUNKED, body=body)


REFUSED = {
    "two lengths that differ": post(LENGTH, b"Content-Length: 5\r\n"),
    "two lengths that agree": post(LENGTH, LENGTH),
    "a list of lengths": post(b"Content-Length: 27, 27\r\n"),
    "a length with a plus": post(b"Content-Length: +27\r\n"),
    "a negative length": post(b"Content-Length: -1\r\n"),
    "a hexadecimal length": post(b"Content-Length: 0x1b\r\n"),
    "a length with an underscore": post(b"Content-Length: 2_7\r\n"),
    "an empty length": post(b"Content-Length: \r\n"),
    "a length in other digits": post("Content-Length: \u0662\u0667\r\n".encode()),
    "a length past all numbers": post(b"Content-Length: 99999999999999999999\r\n"),
    "a length and chunks": post(LENGTH, CHUNKED, body=CHUNKS),
    "chunks and a length": post(CHUNKED, LENGTH, body=CHUNKS),
    "a length by another spelling": post(b"Content_Length: 5\r\n", LENGTH),
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked\r\n", body=CHUNKS),
    "identity": post(b"Transfer-Encoding: identity\r\n"),
    "xchunked": post(b"Transfer-Encoding: xchunked\r\n", body=CHUNKS),
    "chunked in quotes": post(b'Transfer-Encoding: "chunked"\r\n', body=CHUNKS),
    "chunked and a vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", body=CHUNKS),
    "chunked twice": post(CHUNKED, CHUNKED, body=CHUNKS),
    "chunked, chunked": post(b"Transfer-Encoding: chunked, chunked\r\n", body=CHUNKS),
    "chunks of HTTP/1.0": post(CHUNKED, line=LINE.replace(b"1.1", b"1.0"), body=CHUNKS),
    "a chunk size that is no number": chunks(b"zz\r\n" + CHUNKS),
    "a chunk size with a prefix": chunks(b"0x1b\r\n%s\r\n0\r\n\r\n" % BODY),
    "a chunk size with a space": chunks(b"1b \r\n%s\r\n0\r\n\r\n" % BODY),
    "a chunk size with a sign": chunks(b"+1b\r\n%s\r\n0\r\n\r\n" % BODY),
    "a chunk size past 32 bits": chunks(b"10000001b\r\n%s\r\n0\r\n\r\n" % BODY),
    "an empty chunk size": chunks(b"\r\n%s\r\n0\r\n\r\n" % BODY),
    "a chunk line with a bare line feed": chunks(b"1b\n%s\r\n0\r\n\r\n" % BODY),
    "a chunk that ends elsewhere": chunks(b"1a\r\n%s\r\n0\r\n\r\n" % BODY),
    "a long chunk extension": chunks(b"1b;%s\r\n%s\r\n0\r\n\r\n" % (b"x" * (EXTENSION_BYTES + 1), BODY)),
    "a chunk extension with a line feed": chunks(b"1b;a\nb\r\n%s\r\n0\r\n\r\n" % BODY),
    "trailers": chunks(CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n"),
    "an obsolete fold": post(b"X-A: 1\r\n 2\r\n", LENGTH),
    "a fold with a tab": post(b"X-A: 1\r\n\tTransfer-Encoding: chunked\r\n", LENGTH),
    "a fold in the first header": post(LENGTH, host=b" X: 1\r\n" + HOST),
    "a bare carriage return in a value": post(b"X-A: 1\r2\r\n", LENGTH),
    "a bare line feed in a value": post(b"X-A: 1\nX-B: 2\r\n", LENGTH),
    "line feeds alone": post(LENGTH).replace(b"\r\n", b"\n"),
    "a line feed after the request line": post(LENGTH, line=LINE.replace(b"\r\n", b"\n")),
    "an empty line of one line feed": LINE + HOST + KEY + LENGTH + b"\n" + BODY,
    "a NUL in a value": post(b"X-A: 1\x002\r\n", LENGTH),
    "a NUL in a name": post(b"X\x00A: 1\r\n", LENGTH),
    "a control character in a value": post(b"X-A: \x1b[0m\r\n", LENGTH),
    "a delete character in a value": post(b"X-A: \x7f\r\n", LENGTH),
    "a space before the colon": post(b"Content-Length : 5\r\n", LENGTH),
    "a tab before the colon": post(b"X-A\t: 5\r\n", LENGTH),
    "a header without a colon": post(b"X-A\r\n", LENGTH),
    "a header without a name": post(b": 1\r\n", LENGTH),
    "a name in brackets": post(b"X[A]: 1\r\n", LENGTH),
    "a name beyond ASCII": post(b"X-\xc3\xa4: 1\r\n", LENGTH),
    "no host": post(LENGTH, host=b""),
    "two hosts": post(HOST, LENGTH),
    "an empty host": post(LENGTH, host=b"Host:\r\n"),
    "a host with a path": post(LENGTH, host=b"Host: edge/x\r\n"),
    "a host with a user": post(LENGTH, host=b"Host: a@edge\r\n"),
    "two hosts in one": post(LENGTH, host=b"Host: edge, other\r\n"),
    "a host with a strange port": post(LENGTH, host=b"Host: edge:80x\r\n"),
    "a large head": post(b"X-A: %s\r\n" % (b"x" * HEAD_BYTES), LENGTH),
    "a head of many headers": post(b"X-A: 1\r\n" * FIELDS, LENGTH),
    "a long request line": post(LENGTH, line=b"POST /v1/%s HTTP/1.1\r\n" % (b"x" * TARGET_BYTES)),
    "a request line without an end": b"POST /" + b"x" * (TARGET_BYTES * 2),
    "a head without an end": LINE + HOST + b"X-A: 1\r\n" * (HEAD_BYTES // 8),
    "HTTP/0.9": b"GET /v1/chat/completions\r\n",
    "HTTP/0.9 that goes on": b"GET /v1/chat/completions\r\n\r\n",
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "HTTP/2.0": post(LENGTH, line=LINE.replace(b"1.1", b"2.0")),
    "HTTP/1.2": post(LENGTH, line=LINE.replace(b"1.1", b"1.2")),
    "http/1.1 in lower case": post(LENGTH, line=LINE.replace(b"HTTP", b"http")),
    "an upgrade to h2c": post(
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n", LENGTH
    ),
    "h2c alone": post(b"Upgrade: h2c\r\n", LENGTH),
    "settings of HTTP/2 alone": post(b"HTTP2-Settings: AAMA\r\n", LENGTH),
    "an upgrade to h2c or a WebSocket": post(b"Upgrade: websocket, h2c\r\n", LENGTH),
    "a WebSocket with a body": post(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", LENGTH),
    "an expectation that nobody knows": post(b"Expect: 200-ok\r\n", LENGTH),
    "two requests at once": WHOLE + WHOLE,
    "a request and the beginning of another": WHOLE + b"P",
    "a request and an empty line": WHOLE + b"\r\n",
    "chunks and more": chunks(CHUNKS + b"x"),
    "an absolute target": post(LENGTH, line=b"POST http://edge/v1/chat/completions HTTP/1.1\r\n"),
    "an absolute target elsewhere": post(LENGTH, line=b"POST https://other.example/ HTTP/1.1\r\n"),
    "CONNECT": b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n",
    "CONNECT with a path": b"CONNECT /v1/chat/completions HTTP/1.1 x\r\nHost: api.example:443\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: edge\r\n\r\n",
    "a fragment": post(LENGTH, line=LINE.replace(b"completions", b"completions#x")),
    "a target beyond ASCII": post(LENGTH, line=LINE.replace(b"completions", b"\xc3\xa4")),
    "a target with a NUL": post(LENGTH, line=LINE.replace(b"completions", b"a\x00b")),
    "two spaces in the request line": post(LENGTH, line=LINE.replace(b" HTTP", b"  HTTP")),
    "a tab in the request line": post(LENGTH, line=LINE.replace(b"POST ", b"POST\t")),
    "a space at the end of the request line": post(LENGTH, line=LINE.replace(b"\r\n", b" \r\n")),
    "a method in lower case": post(LENGTH, line=LINE.replace(b"POST", b"post")),
    "a method that nobody knows": post(LENGTH, line=LINE.replace(b"POST", b"FROB")),
    "an empty line first": b"\r\n" + WHOLE,
    "SOCKS 4": b"\x04\x01\x01\xbb\x7f\x00\x00\x01\x00",
    "SOCKS 5": b"\x05\x01\x00",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nothing known": b"hello\r\n\r\n",
}


@asynccontextmanager
async def raw_connection(setting: Setting) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    host, port = setting.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


def answers(raw: bytes) -> list[int]:
    """Return the statuses in what a server said (no body of ours holds such a line)."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", raw)]


@pytest.mark.parametrize("case", REFUSED)
async def test_it_is_refused_with_a_reason_and_closed_and_never_forwarded(case: str) -> None:
    async with egress(fail(200, b"{}")) as setting, raw_connection(setting) as (reader, writer):
        writer.write(REFUSED[case])
        answer = await reader.read()  # to the end: the edge closes
        assert answers(answer) == [400], answer
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"connection: close" in head.lower()
        told = json.loads(body)["error"]
        assert told["thing"]
        assert told["reason"]
        assert CLIENT_TOKEN not in body.decode()
        assert setting.model.requests == []


@pytest.mark.parametrize(
    "case", ["a long chunk extension", "trailers", "a chunk that ends elsewhere", "a bare line feed in a value"]
)
async def test_it_is_refused_also_when_it_comes_byte_by_byte(case: str) -> None:
    async with egress(fail(200, b"{}")) as setting, raw_connection(setting) as (reader, writer):
        for at in range(len(REFUSED[case])):
            writer.write(REFUSED[case][at : at + 1])
            await asyncio.sleep(0)
        assert answers(await reader.read()) == [400]
        assert setting.model.requests == []


@pytest.mark.parametrize(
    "request_",
    [
        WHOLE,
        post(CHUNKED, body=CHUNKS),
        post(b"transfer-encoding:CHUNKED\r\n", body=b"00001B;a=b\r\n%s\r\n000;x\r\n\r\n" % BODY),
        post(b"X-A:\r\n", b"x-b: \xc3\xa4 \t\r\n", LENGTH),
        post(b"Expect: 100-continue\r\n", LENGTH),
        post(LENGTH, host=b"host: [::1]:80\r\n"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
async def test_what_is_well_formed_passes_however_it_is_cut(request_: bytes, step: int) -> None:
    async with egress(fail(200, b'{"ok":1}')) as setting, raw_connection(setting) as (reader, writer):
        for _ in range(2):  # the connection is kept
            for at in range(0, len(request_), step):
                writer.write(request_[at : at + step])
                await asyncio.sleep(0)
            answer = await reader.readuntil(b'{"ok":1}')
            assert answers(answer)[-1] == 200
        assert [request.body for request in setting.model.requests] == [BODY, BODY]


async def test_a_second_request_before_the_first_was_answered_ends_both() -> None:
    never = asyncio.Event()
    async with egress(lambda _: Reply(chunks=[never])) as setting, raw_connection(setting) as (reader, writer):
        writer.write(WHOLE)
        await setting.model.arrived.wait()
        writer.write(WHOLE)
        assert answers(await reader.read()) == [400]
        await setting.model.left.wait()
        assert len(setting.model.requests) == 1


async def test_an_answer_before_the_end_of_the_body_closes_the_connection() -> None:
    async with egress(fail(200, b"{}"), body=100) as setting, raw_connection(setting) as (reader, writer):
        writer.write(post(b"Content-Length: 5000\r\n", body=b"x" * 200))
        answer = await reader.read()
        assert answers(answer) == [413]
        assert answer.lower().count(b"\r\nconnection: close\r\n") == 1
        assert setting.model.requests == []


async def test_who_is_still_sending_reads_the_answer_that_came_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.http.guarded.LINGER_SECONDS", 60.0)
    async with egress(fail(200, b"{}"), body=100) as setting, raw_connection(setting) as (reader, writer):
        writer.write(post(b"Content-Length: 5000000\r\n", body=b""))
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answers(answer) == [413]
        assert b"\r\nconnection: close\r\n" in answer.lower()
        writer.write(b"x" * 5_000_000)
        await writer.drain()
        assert json.loads(await reader.read())["error"]


async def test_an_answer_after_the_whole_body_keeps_the_connection() -> None:
    async with egress(fail(200, b"{}"), body=100) as setting, raw_connection(setting) as (reader, writer):
        for _ in range(2):
            writer.write(WHOLE)
            head = await reader.readuntil(b"\r\n\r\n")
            assert answers(head) == [200]
            assert b"connection" not in head.lower()
            assert await reader.readexactly(2) == b"{}"


async def test_a_head_that_does_not_come_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.http.guarded.HEAD_SECONDS", 0.05)
    async with egress(fail(200, b"{}")) as setting, raw_connection(setting) as (reader, writer):
        writer.write(LINE + HOST)
        answer = await reader.read()
        assert answers(answer) == [400]
        assert b"did not come within" in answer


async def test_there_is_room_for_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.http.guarded.CONNECTIONS", 2)
    async with egress(fail(500, b"{}")) as setting:
        host, _, port = setting.url.removeprefix("http://").partition(":")
        held = [(await asyncio.open_connection(host, int(port)))[1] for _ in range(2)]
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(WHOLE)
        said = await reader.read()
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"as many as it holds" in said
        assert setting.model.requests == []
        for one in (*held, writer):
            one.close()


async def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.serve.KEEP_ALIVE_SECONDS", 0.05)
    async with egress(fail(200, b"{}")) as setting, raw_connection(setting) as (reader, _):
        assert await reader.read() == b""
