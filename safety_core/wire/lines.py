"""Frames that are lines or messages, byte for byte: JSON Lines, and text messages of a WebSocket.

parser = Parser(limit)
for line in parser.feed(chunk):     # however the bytes are cut, the lines are the same
    line.raw                        # every byte, the line's end included
    line.with_data(text).raw        # other text, the same end
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError, LimitError

LINE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one line: a generated picture fits, an endless line does not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its bytes, and its text without the end."""

    raw: bytes
    data: str

    @property
    def rest(self) -> bytes:
        """What is not data: nothing."""
        return b""

    def with_data(self, data: str) -> Line:
        """Return the line with other text. `data` holds no line end."""
        return Line(data.encode() + self.raw[len(self.raw.rstrip(b"\r\n")) :], data)


def line_of(raw: bytes) -> Line:
    """Return a line, or a message, by its bytes. Raises InputError where it is not UTF-8."""
    try:
        return Line(raw, raw.rstrip(b"\r\n").decode())
    except UnicodeDecodeError as error:
        raise InputError("event stream", "is not UTF-8") from error


class Parser:
    """Cuts lines out of chunks. Refuses a line past `limit` bytes (LimitError) or not UTF-8 (InputError)."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._seen = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Yield the lines that `chunk` completes."""
        self._buffer += chunk
        while (end := self._buffer.find(b"\n", self._seen)) >= 0:
            raw = bytes(self._buffer[: end + 1])
            del self._buffer[: end + 1]
            self._seen = 0
            yield line_of(raw)
        self._seen = len(self._buffer)
        if len(self._buffer) > self._limit:
            raise LimitError("event stream", f"has a line of more than {self._limit} bytes")

    def end(self) -> Iterator[Line]:
        """Yield what stands without a line's end at the end of the stream, if anything does."""
        raw = bytes(self._buffer)
        self._buffer.clear()
        if raw:
            yield line_of(raw)
