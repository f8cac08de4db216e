"""Whatever head is let through, three readers read the same: ours, the server that runs, and h11."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import h11
import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from safety_core.edge.http.framing import Chunked, Counted
from safety_core.edge.http.guarded import GuardedProtocol
from safety_core.edge.http.head import BadRequestError, Head, check_part, read_head

Fields = list[tuple[bytes, bytes]]


class Read(GuardedProtocol):
    """A connection that keeps what the application would see."""

    seen: Any = None

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self.seen = cycle.scope


class Wire(asyncio.Transport):
    """The other end of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return False


LOOP = asyncio.new_event_loop()
CONFIG = uvicorn.Config(lambda: None, http=Read, ws="none", log_config=None, lifespan="off", loop="none")
CONFIG.load()


@pytest.fixture(scope="module", autouse=True)
def _loop() -> Iterator[None]:
    yield
    LOOP.close()


def by_the_server(raw: bytes) -> tuple[bytes, bytes, Fields]:
    """Return what an application gets to see."""
    wire, connection = Wire(), Read(CONFIG, ServerState(), {}, LOOP)
    connection.connection_made(wire)
    connection.data_received(raw)
    scope = connection.seen
    assert scope is not None, wire.written
    query = b"?" * (b"?" in raw.split(b" ")[1]) + scope["query_string"]
    return scope["method"].encode(), scope["raw_path"] + query, scope["headers"]


def by_h11(raw: bytes) -> tuple[bytes, bytes, Fields]:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(raw)
    request = connection.next_event()
    assert isinstance(request, h11.Request), request
    return request.method, request.target, [(name, value) for name, value in request.headers]


NAMES = st.sampled_from([b"X-A", b"Accept", b"x!#$%&'*+-.^_`|~9", b"Cookie", b"Connection"])
VALUES = st.one_of(
    st.sampled_from([b"1", b"", b" ", b"close", b"a, b", b"\t2\t", b"\xc3\xa4", b"a:b", b'"q\\"']),
    st.text(st.characters(min_codepoint=9, max_codepoint=255), max_size=12).map(lambda text: text.encode("latin-1")),
)
FRAMING = st.sampled_from(
    [
        b"Content-Length: 3",
        b"Content-Length:  03 ",
        b"Content-Length: 3, 3",
        b"Content-Length: +3",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked\t",
        b"Transfer-Encoding: gzip, chunked",
        b"Host: other",
        b" folded",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
    ]
)
LINES = st.one_of(
    FRAMING,
    st.builds(lambda name, gap, value: name + gap + value, NAMES, st.sampled_from([b":", b": ", b" :"]), VALUES),
)
TARGETS = st.one_of(
    st.sampled_from(
        [b"/", b"/v1/x?a=b", b"//host/x", b"/%2e%2e/x", b'/"<>\\^`{|}', b"/a b", b"*", b"http://a/", b"/?"]
    ),
    st.binary(max_size=8).map(lambda raw: b"/" + raw),
)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from([b"GET", b"POST", b"DELETE", b"PATCH", b"get", b"CONNECT"]))
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0"]))
    lines = [b"%s %s %s" % (method, draw(TARGETS), version), *draw(st.lists(LINES, max_size=5))]
    lines.insert(1 + draw(st.integers(0, len(lines) - 1)), draw(st.sampled_from([b"Host: edge", b"host:[::1]:80"])))
    raw = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])).join([*lines, b"", b""])
    if draw(st.booleans()):
        return raw
    at = draw(st.integers(0, len(raw)))
    return raw[:at] + draw(st.binary(max_size=2)) + raw[at + draw(st.integers(0, 1)) :]


@given(heads())
@example(b"GET / HTTP/1.1\r\nHost: a\r\nX: \x80\r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\nX:\t b \t\r\n\r\n")
def test_what_is_let_through_is_read_the_same_by_all(raw: bytes) -> None:
    try:
        head = read_head(raw)
    except BadRequestError:
        return
    method, target, fields = by_h11(raw)
    assert by_the_server(raw) == (method, target, fields)
    framing = dict(fields)
    assert head.length == int(framing.get(b"content-length", b"0"))
    assert head.chunked == (framing.get(b"transfer-encoding", b"").lower() == b"chunked")


@given(heads())
def test_a_head_that_is_good_as_a_whole_is_good_in_every_part(raw: bytes) -> None:
    try:
        read_head(raw)
    except BadRequestError:
        return
    for length in range(1, len(raw)):
        check_part(raw[:length])


def broken(raw: bytes, since: int) -> bool:
    try:
        check_part(raw, since)
    except BadRequestError:
        return True
    return False


@given(heads(), st.data())
def test_a_head_that_comes_in_pieces_is_read_once_and_judged_the_same(raw: bytes, data: st.DataObject) -> None:
    cuts = sorted({len(raw), *data.draw(st.lists(st.integers(1, len(raw)), max_size=8))})
    since = 0
    for cut in cuts:
        assert broken(raw[:cut], since) == broken(raw[:cut], 0)
        if broken(raw[:cut], 0):
            break
        since = cut


def test_what_has_been_looked_at_is_not_looked_at_again() -> None:
    good = b"GET / HTTP/1.1\r\nHost: a\r\n"
    assert broken(good + b"\0\r\n", 0)
    assert not broken(good + b"\0\r\nX", len(good) + 3)


@given(st.lists(st.binary(min_size=1, max_size=40)), st.data())
def test_chunks_end_where_they_end_however_they_are_cut(parts: list[bytes], data: st.DataObject) -> None:
    raw = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=8))})
    body = Chunked()
    taken = [body.take(raw[start:end]) for start, end in pairwise(cuts)]
    assert sum(taken) == len(raw)
    assert body.ended
    assert body.take(b"more") == 0


def test_a_counted_body_takes_no_more_than_its_length() -> None:
    body = Counted(5)
    assert (body.take(b"abc"), body.ended, body.take(b"defg"), body.ended) == (3, False, 2, True)


def test_what_must_be_known_of_a_head() -> None:
    upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert read_head(upgrade) == Head(upgrade=True)
    with pytest.raises(BadRequestError, match="obsolete folding"):
        read_head(b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n")
