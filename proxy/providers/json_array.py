"""One JSON array that is written element by element, as frames: Gemini's streams where they are no server-sent events.

A frame is an element with all that stands before it since the one before; the array's end is one without an element.
An object that stands for itself (an error, in place of an array) is one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from proxy.providers.framing import compact
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, LimitError
from safety_core.wire.lines import LINE_LIMIT

_MARK: Final = re.compile(rb'["\\{}\[\]]')
_BETWEEN: Final = re.compile(rb"[\s,\[\]]*")


@dataclass(frozen=True, slots=True)
class Element:
    """One element: what stands before it, and its text. The array's end has none."""

    before: bytes
    data: str | None

    @property
    def raw(self) -> bytes:
        """Every byte."""
        return self.before + (self.data or "").encode()

    @property
    def rest(self) -> bytes:
        """What is not data: nothing that could hold a secret."""
        return b""

    def with_data(self, data: str) -> Element:
        """Return the same place with another element."""
        return Element(self.before, data)


class Elements:
    """Implements `proxy.providers.framing.Framing`."""

    missing: Final = b""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._seen = 0
        self._start: int | None = None
        self._depth = 0
        self._quoted = False

    def feed(self, chunk: bytes) -> Iterator[Element]:
        """Yield the elements that `chunk` completes. Raises InputError where one is no object."""
        self._buffer += chunk
        while (end := self._next()) is not None:
            yield self._taken(end)
        if len(self._buffer) > LINE_LIMIT:
            raise LimitError("event stream", f"has an element of more than {LINE_LIMIT} bytes")

    def end(self) -> Iterator[Element]:
        """Yield the end of the array; an element that was cut off is unreadable."""
        raw, self._buffer = bytes(self._buffer), bytearray()
        if self._start is not None:
            raise InputError("event stream", "ends within an element")
        if raw:
            yield Element(raw, None)

    def written(self, event: JsonObject) -> bytes:
        """Return one element more: it never comes first."""
        return b",\r\n" + compact(event).encode()

    def _next(self) -> int | None:
        """Return where the element ends that has begun, None where that is not known yet."""
        while found := _MARK.search(self._buffer, self._seen):
            mark, self._seen = found.group(), found.end()
            if self._quoted:
                if mark == b"\\":
                    if self._seen == len(self._buffer):  # what it escapes is still to come
                        self._seen = found.start()
                        return None
                    self._seen += 1
                self._quoted = mark != b'"'
            elif self._start is None:
                self._open(mark, found.start())
            elif mark == b'"':
                self._quoted = True
            elif mark in {b"{", b"["}:
                self._depth += 1
            elif mark in {b"}", b"]"}:
                self._depth -= 1
                if not self._depth:
                    return self._seen
        self._seen = len(self._buffer)
        if self._start is None:
            self._check(self._seen)
        return None

    def _open(self, mark: bytes, at: int) -> None:
        if mark == b"{":
            self._check(at)
            self._start, self._depth = at, 1
        elif mark not in {b"[", b"]"}:
            raise InputError("event stream", "holds something else than objects")

    def _check(self, end: int) -> None:
        if _BETWEEN.fullmatch(self._buffer, 0, end) is None:
            raise InputError("event stream", "holds something else than objects")

    def _taken(self, end: int) -> Element:
        start, self._start = self._start or 0, None
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._seen = 0
        try:
            return Element(raw[:start], raw[start:].decode())
        except UnicodeDecodeError as error:
            raise InputError("event stream", "is not UTF-8") from error
