"""Bedrock's events in messages of the AWS event stream.

converse-stream                  the event's type stands in a header, and an editor sees {TYPE: PAYLOAD}
invoke-with-response-stream      the model's own event stands as base64 in {"bytes": ..., "p": padding}; an editor sees
                                 that event
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from proxy.providers.framing import Frame, compact
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, UnscannableError
from safety_core.wire import aws_events
from safety_core.wire.aws_events import Message
from safety_core.wire.reader import parse_json

CHUNK: Final = "chunk"
"""The type of an event that holds a model's own."""

_KINDS: Final = {"event": ":event-type", "exception": ":exception-type"}
"""Type of a message -> the header that names what it brings."""

_PADDING: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""The beginning of this, of some length, stands under "p" so that an event's size does not tell its text."""


@dataclass(frozen=True, slots=True)
class EventFrame:
    """One message. `around` is what stands beside a model's own event, None where the event is not such."""

    message: Message
    kind: str
    data: str | None
    around: JsonObject | None = None

    @property
    def raw(self) -> bytes:
        """Every byte of it."""
        return self.message.raw

    @property
    def rest(self) -> bytes:
        """The headers, and what stands beside a model's own event, but for its padding."""
        values = [*self.message.headers.values()]
        beside = {name: value for name, value in (self.around or {}).items() if name != "bytes" and not _pads(value)}
        return "\n".join([*values, compact(beside)] if beside else values).encode()

    def with_data(self, data: str) -> EventFrame:
        """Return the message around another event."""
        if self.around is None:
            fields = json.loads(data)
            if self.kind not in fields:
                raise UnscannableError("event", "does not keep its type without its secrets")
            payload = compact(fields[self.kind])
        else:
            payload = compact({**self.around, "bytes": base64.b64encode(data.encode()).decode()})
        return EventFrame(self.message.with_payload(payload.encode()), self.kind, data, self.around)


class BedrockEvents:
    """Implements `proxy.providers.framing.Framing`."""

    missing: Final = b""

    def __init__(self) -> None:
        self._parser = aws_events.Parser()
        self._chunks = False

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the messages that `chunk` completes. Raises InputError where one is broken, or is no event."""
        return (self._frame(message) for message in self._parser.feed(chunk))

    def end(self) -> Iterator[Frame]:
        """Yield nothing. Raises InputError where the stream was cut off in a message: it is not complete."""
        self._parser.end()
        return iter(())

    def written(self, event: JsonObject) -> bytes:
        """Return the message of `event`, in the same way as those before it."""
        if self._chunks:
            return _written(CHUNK, {"bytes": base64.b64encode(compact(event).encode()).decode()})
        ((kind, payload),) = event.items()
        return _written(kind, payload if isinstance(payload, dict) else {})

    def _frame(self, message: Message) -> Frame:
        kind = message.headers.get(_KINDS.get(message.headers.get(":message-type", ""), ""), "")
        if not message.payload:
            return EventFrame(message, kind, None)
        if kind == CHUNK:
            around = parse_json(message.payload, "event")
            inner = around.get("bytes") if isinstance(around, dict) else None
            if isinstance(around, dict) and isinstance(inner, str):
                self._chunks = True
                return EventFrame(message, kind, _decoded(inner), around)
        try:
            orjson.loads(message.payload)
        except orjson.JSONDecodeError as error:
            raise InputError("event", "is not JSON") from error
        return EventFrame(message, kind, f"{{{json.dumps(kind)}:{message.payload.decode()}}}")


def exception(kind: str, message: str) -> bytes:
    """Return a message that AWS's SDKs raise as an error of this name."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return aws_events.written(headers, compact({"message": message}).encode())


def _written(kind: str, payload: JsonObject) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return aws_events.written(headers, compact(payload).encode())


def _decoded(inner: str) -> str:
    try:
        return base64.b64decode(inner, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InputError("event", "does not hold base64 of UTF-8") from error


def _pads(value: object) -> bool:
    return isinstance(value, str) and _PADDING.startswith(value)
