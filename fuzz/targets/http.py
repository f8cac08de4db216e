"""Heads of requests and chunked bodies: what is taken, another reader (httptools) takes for the same one request."""

from __future__ import annotations

from random import Random

import httptools

from fuzz.trial import Target
from proxy.forward.target import connect_target, host_matches, http_target
from safety_core.edge.http.framing import Chunked
from safety_core.edge.http.head import END, BadRequestError, check_part, read_head
from safety_core.errors import SafetyError


class _Other:
    """What another reader makes of it."""

    def __init__(self) -> None:
        self.heads = 0
        self.ended = 0
        self.body = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Count a head."""
        self.heads += 1

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """Count a request."""
        self.ended += 1


def start() -> Target:
    """Return the reader; the first byte says of what."""

    def read(raw: bytes) -> None:
        way, rest = raw[:1], raw[1:]
        if way == b"C":
            _chunked(rest)
        elif way == b"T":
            for target in (connect_target, lambda raw: http_target(raw)[0]):
                try:
                    found = target(rest)
                except SafetyError:
                    continue
                assert host_matches(str(found).encode(), found, 80), "a target does not match its own name"
                assert connect_target(str(found).encode()) == found, "a target's own name means another"
        else:
            _head(rest)

    return read


def _head(raw: bytes) -> None:
    end = raw.find(END)
    if end >= 0:
        raw = raw[: end + len(END)]
    head = read_head(raw)
    for place in range(0, len(raw), 5):
        _check_part(raw, place)
    other = _Other()
    parser = httptools.HttpRequestParser(other)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        assert head.upgrade, "another reader sees an upgrade"
        return
    except httptools.HttpParserError:
        return  # it may be stricter
    assert other.heads == 1, "another reader sees no whole head, or two"
    assert bool(other.ended) == (not head.chunked and not head.length), "another reader sees another length"


def _check_part(raw: bytes, place: int) -> None:
    """A part of a good head is no bad one."""
    try:
        check_part(raw[:place] or raw[:1], max(place - 9, 0))
    except BadRequestError as error:
        raise AssertionError("a part was refused of what is taken whole") from error


def _chunked(raw: bytes) -> None:
    whole, cut = Chunked(), Chunked()
    taken = whole.take(raw)
    at, random = 0, Random(len(raw))
    while at < len(raw) and not cut.ended:
        piece = raw[at : at + random.randrange(1, 9)]
        at += cut.take(piece)
    assert (taken, whole.ended) == (at, cut.ended), "where the body ends depends on the cuts"
    if not whole.ended:
        return
    other = _Other()
    parser = httptools.HttpRequestParser(other)
    try:
        parser.feed_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + raw[:taken])
    except httptools.HttpParserError:
        return  # it may be stricter
    assert other.ended == 1, "another reader sees another end"
