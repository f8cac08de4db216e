"""Where the body of a request ends (RFC 9112, 6 and 7): counted, or in chunks; whatever is unclear is refused."""

from __future__ import annotations

import re
from typing import Final, Protocol

from safety_core.edge.http.head import BadRequestError

EXTENSION_BYTES: Final = 256
"""Of one chunk. Nobody sends any; who sends many wants to be paid for by the byte that is read (a known attack)."""

_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[\t ]*;[\t\x20-\x7e]{0,%d})?\r\n" % EXTENSION_BYTES)
_LINE_BYTES: Final = 8 + EXTENSION_BYTES + 8
_FIX: Final = "send Content-Length, or chunks as RFC 9112 has them"


class Framing(Protocol):
    """A body that is coming in."""

    def take(self, data: bytes) -> int:
        """Return how many of these bytes, the next ones, belong to the body. Raises BadRequestError."""

    @property
    def ended(self) -> bool:
        """True once all of it has come."""


class Counted:
    """A body of known length."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def ended(self) -> bool:
        """True once all of it has come."""
        return self._left == 0

    def take(self, data: bytes) -> int:
        """Return how many of these bytes belong to it."""
        taken = min(self._left, len(data))
        self._left -= taken
        return taken


class Chunked:
    """A body in chunks, without trailers: nothing that comes here needs them, and they are read differently."""

    __slots__ = ("_last", "_left", "_line", "ended")

    def __init__(self) -> None:
        self._line = b""
        self._left = 0
        self._last = False
        self.ended = False

    def take(self, data: bytes) -> int:
        """Return how many of these bytes belong to it.

        Raises:
            BadRequestError: a chunk's size, extension or end is not what it must be, or trailers come.
        """
        at = 0
        while at < len(data) and not self.ended:
            at = self._bytes(data, at) if self._left else self._size(data, at)
        return at

    def _bytes(self, data: bytes, at: int) -> int:
        """Pass over a chunk's bytes and the line end behind them."""
        passed = min(max(self._left - 2, 0), len(data) - at)
        at, self._left = at + passed, self._left - passed
        while at < len(data) and 0 < self._left <= 2:
            if data[at] != b"\n\r"[self._left - 1]:
                raise BadRequestError("a chunk of the body", "does not end where its size says", _FIX)
            at, self._left = at + 1, self._left - 1
        self.ended = self._last and not self._left
        return at

    def _size(self, data: bytes, at: int) -> int:
        """Read a chunk's size, however it is cut."""
        line = data.find(b"\n", at) + 1
        self._line += data[at : line or len(data)]
        if len(self._line) > _LINE_BYTES:
            raise BadRequestError("a chunk's extension", f"is longer than {EXTENSION_BYTES} bytes", _FIX)
        if not line:
            return len(data)
        found = _LINE.fullmatch(self._line)
        if found is None:
            raise BadRequestError("a chunk's size", "is not 1 to 8 hexadecimal digits in a line of its own", _FIX)
        self._line = b""
        self._left = int(found[1], 16) + 2
        self._last = self._left == 2
        return line
