"""Messages of the AWS event stream, and Bedrock's events in them.

The first byte says what the rest is: "R" the bytes as they come; "M" what a message is made of (a byte with the length
of its headers, the headers, the payload), with the right lengths and checksums, which no mutation hits upon; "B" the
payload of one of Bedrock's events.
"""

from __future__ import annotations

import struct
import zlib

from fuzz.cuts import same_frames
from fuzz.trial import Target
from proxy.providers.bedrock_framing import BedrockEvents
from safety_core.wire import aws_events


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        way, rest = raw[:1], raw[1:]
        if way == b"R":
            same_frames(aws_events.Parser, rest)
        elif way == b"M":
            length = rest[0] if rest else 0
            _bedrock(_message(rest[1 : 1 + length], rest[1 + length :]))
        else:
            kind = "chunk" if way == b"C" else "contentBlockDelta"
            headers = {":event-type": kind, ":message-type": "event"}
            _bedrock(aws_events.written(headers, rest))

    return read


def _message(headers: bytes, payload: bytes) -> bytes:
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    checked = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def _bedrock(raw: bytes) -> None:
    for message in same_frames(aws_events.Parser, raw + raw):
        again = message.with_payload(b"{}")
        (read,) = aws_events.Parser().feed(again.raw)
        assert (read.headers, read.payload) == (message.headers, b"{}"), "a changed message reads differently"
    for frame in same_frames(BedrockEvents, raw):
        if frame.data is not None:
            (changed,) = BedrockEvents().feed(frame.with_data(frame.data).raw)
            assert changed.rest == frame.rest, "a change of data changed something else"
            assert changed.data is not None, "a change of data lost it"
