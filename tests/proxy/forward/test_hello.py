"""The name in a ClientHello: of a real client, however its records are cut; nothing that two could read differently."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.forward.hello import HELLO_BYTES, NotTlsError, server_name
from tests.proxy.forward.setting import client_hello

HELLO = client_hello("Shop.test")


def record(part: bytes) -> bytes:
    return b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part


def counted(width: int, raw: bytes) -> bytes:
    return len(raw).to_bytes(width, "big") + raw


def name(host: bytes, kind: int = 0) -> bytes:
    return bytes([kind]) + counted(2, host)


def extension(kind: int, raw: bytes) -> bytes:
    return kind.to_bytes(2, "big") + counted(2, raw)


def hello(*extensions: bytes, tail: bytes = b"") -> bytes:
    body = b"\x03\x03" + bytes(32) + b"\x00" + counted(2, b"\x13\x01") + b"\x01\x00"
    body += counted(2, b"".join(extensions)) + tail
    return record(b"\x01" + counted(3, body))


SNI = extension(0, counted(2, name(b"shop.test")))


def test_a_real_one_is_read_once_it_is_whole() -> None:
    assert server_name(HELLO) == "shop.test"
    assert {server_name(HELLO[:end]) for end in range(len(HELLO))} == {None}
    assert server_name(HELLO + b"\x14\x03\x03\x00\x01\x01") == "shop.test"


@given(st.lists(st.integers(1, 400), min_size=1, max_size=50))
def test_records_may_be_cut_anywhere(sizes: list[int]) -> None:
    message, raw = HELLO[5:], b""
    for size in sizes:
        part, message = message[:size], message[size:]
        raw += record(part) if part else b""
    assert server_name(raw + (record(message) if message else b"")) == "shop.test"


@given(st.binary(max_size=300))
def test_other_bytes_are_refused_or_waited_for(raw: bytes) -> None:
    for start in (raw, b"\x16\x03\x01" + raw, record(b"\x01" + counted(3, raw))):
        with suppress(NotTlsError):
            assert server_name(start) is None or b"\x00" in start


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"SSH-2.0", "no TLS handshake"),
        (b"GET / HTTP/1.1", "no TLS handshake"),
        (b"\x16\x02", "no TLS handshake"),
        (b"\x80\x2e\x01\x00\x02", "no TLS handshake"),
        (record(b"\x02" + counted(3, b"x")), "does not begin with a ClientHello"),
        (b"\x16\x03\x01\x00\x00", "has an empty record"),
        (record(b"\x01\x00\x40\x00"), "is larger than"),
        (record(b"\x01\x00\x3f\x00") + record(b"a" * HELLO_BYTES)[:20], None),
        (
            b"".join(record(b"\x01\x00\x3f\x00"[at : at + 1]) for at in range(4)) + record(b"a") * 3000,
            "more than 64 records",
        ),
        (record(b"\x01\x00\x3f\xf0") + record(b"a" * 270) * 60, "is larger than"),
        (hello(), "has no server name"),
        (client_hello(None), "has no server name"),
        (hello(SNI, SNI), "more than one"),
        (hello(extension(0, counted(2, name(b"a.test") + name(b"b.test")))), "of another kind, or several"),
        (hello(extension(0, counted(2, name(b"a.test", 1)))), "of another kind, or several"),
        (hello(extension(0, counted(2, name(b"a.test")) + b"x")), "of another kind, or several"),
        (hello(extension(0, b"\x00\x09\x00")), "in the middle of a field"),
        (hello(SNI, tail=b"x"), "goes on behind its end"),
        (record(b"\x01" + counted(3, b"\x03\x03")), "in the middle of a field"),
        (record(b"\x01" + counted(3, b"\x03\x03" + bytes(32) + b"\x00\x00\x02\x13\x01\x01\x00")), "has no server name"),
    ],
)
def test_what_is_wrong_is_told(raw: bytes, words: str | None) -> None:
    if words is None:
        assert server_name(raw) is None
        return
    with pytest.raises(NotTlsError, match=words):
        server_name(raw)


def test_a_plain_one_is_read() -> None:
    assert server_name(hello(extension(10, b"\x00\x02\x00\x17"), SNI)) == "shop.test"
