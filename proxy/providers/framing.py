"""What events come in: server-sent events, lines, or messages. Nothing else about a stream depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, Protocol

from safety_core.canonical import JsonObject
from safety_core.errors import LimitError
from safety_core.wire import lines, sse

EVENT_STREAM: Final = "text/event-stream"
"""The media type of server-sent events (HTML Living Standard, 9.2.5)."""


_COMPACT: Final = json.JSONEncoder(separators=(",", ":"))


class Frame(Protocol):
    """One event with what is around it."""

    @property
    def raw(self) -> bytes:
        """Every byte of it."""

    @property
    def data(self) -> str | None:
        """The event's JSON text, or None where it has none."""

    @property
    def rest(self) -> bytes:
        """What is not data."""

    def with_data(self, data: str) -> Frame:
        """Return the frame around another event."""


class Framing(Protocol):
    """Cuts frames out of bytes, and makes new ones."""

    @property
    def missing(self) -> bytes:
        """What a last frame lacks that ended with the stream."""

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that `chunk` completes. Raises SafetyError where one cannot be read."""

    def end(self) -> Iterator[Frame]:
        """Yield what is left at the end of the stream."""

    def written(self, event: JsonObject) -> bytes:
        """Return a frame around `event`."""


class Sse:
    """Server-sent events. An event that has a type is named after it, as OpenAI and Anthropic do."""

    missing: Final = b"\n\n"

    def __init__(self) -> None:
        self._parser = sse.Parser()

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that `chunk` completes."""
        return self._parser.feed(chunk)

    def end(self) -> Iterator[Frame]:
        """Yield what stands without its blank line at the end."""
        return self._parser.end()

    def written(self, event: JsonObject) -> bytes:
        """Return the frame of `event`."""
        name = f"event: {event['type']}\n" if "type" in event else ""
        return f"{name}data: {compact(event)}\n\n".encode()


class Lines:
    """One event a line (NDJSON), as Ollama sends them."""

    missing: Final = b"\n"

    def __init__(self) -> None:
        self._parser = lines.Parser()

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the lines that `chunk` completes."""
        return self._parser.feed(chunk)

    def end(self) -> Iterator[Frame]:
        """Yield what stands without a line's end."""
        return self._parser.end()

    def written(self, event: JsonObject) -> bytes:
        """Return the line of `event`."""
        return f"{compact(event)}\n".encode()


class Messages:
    """One event a text message of a WebSocket: what is fed is one whole message, and `Edited.parts` are messages."""

    missing: Final = b""

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the message."""
        if len(chunk) > lines.LINE_LIMIT:
            raise LimitError("event stream", f"has a message of more than {lines.LINE_LIMIT} bytes")
        yield lines.line_of(chunk)

    def end(self) -> Iterator[Frame]:
        """Yield nothing: a message is whole."""
        return iter(())

    def written(self, event: JsonObject) -> bytes:
        """Return the message of `event`."""
        return compact(event).encode()


def compact(event: JsonObject) -> str:
    """Return the JSON text of an event, without white space."""
    return _COMPACT.encode(event)
