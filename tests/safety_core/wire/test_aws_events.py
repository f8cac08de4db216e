"""The AWS event stream, against botocore's own reader; cut anywhere, and with any bit flipped."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError, LimitError
from safety_core.wire.aws_events import HEADERS_LIMIT, Message, Parser, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HEADERS = st.dictionaries(TEXTS.filter(lambda name: 0 < len(name.encode()) < 256), TEXTS, max_size=5)
KINDS = {
    ":event-type": "contentBlockDelta",
    ":content-type": "application/json",
    ":message-type": "event",
}
DELTA = written(KINDS, b'{"contentBlockIndex":0,"delta":{"text":"hello"}}')


def read(chunks: Iterable[bytes], **limits: int) -> list[Message]:
    parser = Parser(**limits)
    found = [message for chunk in chunks for message in parser.feed(chunk)]
    parser.end()
    return found


def framed(headers: bytes, payload: bytes = b"", *, length: int | None = None) -> bytes:
    size = len(headers) if length is None else length
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), size)
    checked = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def header(name: bytes, kind: int, value: bytes) -> bytes:
    return bytes([len(name)]) + name + bytes([kind]) + value


@given(HEADERS, st.binary(max_size=200))
def test_what_is_written_is_read_by_botocore_and_by_us(headers: dict[str, str], payload: bytes) -> None:
    raw = written(headers, payload)
    theirs = EventStreamBuffer()
    theirs.add_data(raw)
    (event,) = theirs
    assert (event.headers, event.payload) == (headers, payload)
    assert read([raw]) == [Message(raw, headers, payload)]


@given(st.lists(st.binary(max_size=30), max_size=4), st.data())
def test_the_messages_are_the_same_however_the_bytes_are_cut(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(written(KINDS, payload) for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = read(chunks)
    assert [message.payload for message in found] == payloads
    assert b"".join(message.raw for message in found) == stream


def test_a_message_cut_at_any_byte_is_not_given_out_and_the_end_says_so() -> None:
    for end in range(1, len(DELTA)):
        parser = Parser()
        assert [*parser.feed(DELTA[:end])] == []
        with pytest.raises(InputError, match="cut off"):
            parser.end()


def test_any_flipped_bit_is_refused() -> None:
    for position in range(len(DELTA) * 8):
        broken = bytearray(DELTA)
        broken[position // 8] ^= 1 << position % 8
        with pytest.raises(InputError):
            read([bytes(broken)])


def test_lengths_are_judged_before_the_rest_has_come() -> None:
    lengths = struct.pack(">II", 2**31, 0)
    with pytest.raises(LimitError):
        [*Parser().feed(lengths + struct.pack(">I", zlib.crc32(lengths)))]
    with pytest.raises(LimitError):
        read([DELTA], limit=len(DELTA) - 1)
    assert len(read([DELTA], limit=len(DELTA))) == 1
    with pytest.raises(LimitError):
        read([framed(b"", b"x" * HEADERS_LIMIT * 2, length=HEADERS_LIMIT + 1)])
    with pytest.raises(InputError, match="shorter than its headers"):
        read([framed(b"", length=1)])


def test_headers_of_every_type_are_read_as_text() -> None:
    block = b"".join(
        (
            header(b"yes", 0, b""),
            header(b"no", 1, b""),
            header(b"byte", 2, b"\x01"),
            header(b"short", 3, b"\x01\x02"),
            header(b"int", 4, b"\x00\x00\x00\x05"),
            header(b"long", 5, bytes(8)),
            header(b"bytes", 6, b"\x00\x02\xff\x00"),
            header(b"text", 7, b"\x00\x03abc"),
            header(b"time", 8, bytes(8)),
            header(b"uuid", 9, bytes(16)),
        )
    )
    (message,) = read([framed(block, b"p")])
    assert message.headers == {
        "yes": "true",
        "no": "false",
        "byte": "01",
        "short": "0102",
        "int": "00000005",
        "long": "00" * 8,
        "bytes": "ff00",
        "text": "abc",
        "time": "00" * 8,
        "uuid": "00" * 16,
    }
    other = message.with_payload(b"longer payload")
    assert read([other.raw]) == [other]
    assert other.raw == framed(block, b"longer payload")


@pytest.mark.parametrize(
    "block",
    [
        header(b"of no type", 10, b""),
        header(b"short of its length", 7, b"\x00"),
        header(b"short of its value", 7, b"\x00\x09abc"),
        header(b"short of its number", 4, b"\x00"),
        b"\x05abc",
        b"\x03abc",
        header(b"\xff", 0, b""),
        header(b"not text", 7, b"\x00\x01\xff"),
        header(b"twice", 0, b"") + header(b"twice", 1, b""),
    ],
)
def test_headers_that_cannot_be_read_are_refused(block: bytes) -> None:
    with pytest.raises(InputError):
        read([framed(block)])


@given(st.binary(max_size=200), st.booleans())
def test_whatever_comes_is_read_or_refused(raw: bytes, framed_: bool) -> None:
    with suppress(InputError):
        read([framed(raw) if framed_ else raw])
