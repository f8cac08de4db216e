"""The bytes of a whole response -> its JSON documents, in every framing that providers use.

JSON, server-sent events, JSON Lines, an array of events (Gemini), the AWS event stream (Bedrock), and each of them in
base64. The framing is recognised by its bytes. What does not parse is skipped: metering counts what is there.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import suppress

from safety_core.canonical import Json
from safety_core.errors import InputError
from safety_core.meter.tally import Tally
from safety_core.model.usage import Usage
from safety_core.wire import aws_events
from safety_core.wire.lenient import parsed
from safety_core.wire.sse import Parser


def usage_of(body: bytes) -> Usage | None:
    """Return the usage that the response `body` states, or None."""
    tally = Tally()
    for document in documents(body):
        tally.add(document)
    return tally.usage()


def documents(body: bytes) -> Iterator[Json]:
    """Yield the JSON documents of a response."""
    whole = parsed(body)
    if isinstance(whole, list):
        yield from whole
    elif whole is not None:
        yield whole
    elif messages := _aws_payloads(body):
        yield from messages
    elif body.lstrip()[:1] in {b"d", b"e", b":", b"i", b"r"} and b":" in body:
        yield from _event_data(body)
    elif (decoded := _unbase64(body)) is not None:
        yield from documents(decoded)
    else:
        yield from _embedded(body.decode("utf-8", "replace"))


def _event_data(body: bytes) -> Iterator[Json]:
    parser = Parser(len(body))
    try:
        for frame in (*parser.feed(body), *parser.end()):
            if frame.data and (document := parsed(frame.data.encode())) is not None:
                yield document
    except InputError:
        return


def _embedded(text: str) -> Iterator[Json]:
    """Yield the objects that stand in `text`: JSON Lines, JSON after JSON, or a binary framing that was read as
    text."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            document, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield document
        start = text.find("{", end)


def _aws_payloads(body: bytes) -> list[Json]:
    """Return the payloads of AWS event stream messages; Bedrock wraps a model's own events as base64 in `bytes`."""
    found: list[Json] = []
    with suppress(InputError):  # what comes after a broken message is not read
        for message in aws_events.Parser(len(body)).feed(body):
            payload = parsed(message.payload)
            inner = payload.get("bytes") if isinstance(payload, dict) else None
            if isinstance(inner, str):
                payload = parsed(_unbase64(inner.encode()) or b"")
            if payload is not None:
                found.append(payload)
    return found


def _unbase64(body: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True) or None
    except binascii.Error:
        return None
