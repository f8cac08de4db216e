"""Server-sent events, byte for byte: frames are cut out of a stream, read, and changed only where their data changes.

    parser = Parser(limit)
    for frame in parser.feed(chunk):    # however the bytes are cut, the frames are the same
        frame.raw                       # every byte, the blank line included
        frame.with_data(text).raw       # the same bytes but for the data lines

Source: WHATWG HTML, section 9.2.6 (lines end in LF, CR or CRLF; one space after the colon is dropped).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError, LimitError

FRAME_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one frame: a generated picture fits, an endless line does not."""

_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
_END: Final = re.compile(rb"(?:\r\n|\r|\n)\Z")
_BLANK: Final = re.compile(rb"(?:\A|(?<=\n)|(?<=\r)(?!\n))(?:\r\n|\r(?!\n)|\n)")
_BOM: Final = b"\xef\xbb\xbf"
_USUAL: Final = re.compile(rb"data: ?([^\r\n]*)\n\n")
"""One line of data and a blank one, as nearly every frame of every provider is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its bytes, and the data lines joined as a browser would (None: it has none).

    Attributes:
        usual: it is one line of data and a blank one, and is read and written without a look at its lines.
    """

    raw: bytes
    data: str | None
    usual: bool = False

    def with_data(self, data: str) -> Frame:
        """Return the frame with one data line in place of its data lines. `data` holds no line end."""
        if self.usual:
            return Frame(b"data: " + data.encode() + b"\n\n", data, usual=True)
        lines: list[bytes] = []
        written = False
        for line in _lines(self.raw):
            if not _is_data(line):
                lines.append(line)
            elif not written:
                end = _END.search(line)
                lines.append(b"data: " + data.encode() + (end.group() if end else b""))
                written = True
        return Frame(_joined(lines), data)

    @property
    def rest(self) -> bytes:
        """The lines that are not data: comments, names, ids."""
        return b"\n" if self.usual else _joined(line for line in _lines(self.raw) if not _is_data(line))


class Parser:
    """Cuts frames out of chunks. Refuses a frame past `limit` bytes (LimitError) or not UTF-8 (InputError)."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._seen = 0

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that `chunk` completes."""
        self._buffer += chunk
        while (end := self._boundary()) is not None:
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._seen = 0
            yield _frame(raw)
        if len(self._buffer) > self._limit:
            raise LimitError("event stream", f"has a frame of more than {self._limit} bytes")

    def end(self) -> Iterator[Frame]:
        """Yield what stands without its blank line at the end of the stream, if anything does."""
        yield from self.feed(b"")
        raw = bytes(self._buffer)
        self._buffer.clear()
        if raw:
            yield _frame(raw)

    def _boundary(self) -> int | None:
        """Return where the first frame ends. A CR in last place may be half of a CRLF: it waits for the next byte."""
        found = _BLANK.search(self._buffer, self._seen)
        if found is None or (found.group() == b"\r" and found.end() == len(self._buffer)):
            self._seen = max(0, len(self._buffer) - 2)
            return None
        return found.end()


def _frame(raw: bytes) -> Frame:
    if usual := _USUAL.fullmatch(raw):
        return Frame(raw, _decoded(usual[1]), usual=True)
    lines = [data for line in _lines(raw) if (data := _data_of(line)) is not None]
    return Frame(raw, "\n".join(map(_decoded, lines)) if lines else None)


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InputError("event stream", "is not UTF-8") from error


def _lines(raw: bytes) -> list[bytes]:
    return [line for line in _LINE.findall(raw) if line]


def _joined(lines: Iterable[bytes]) -> bytes:
    """Return lines in a row. A CR and an LF that come to stand together would be one line end, and a blank line lost:
    the CR gets an LF of its own."""
    joined = bytearray()
    for line in lines:
        if line.startswith(b"\n") and joined.endswith(b"\r"):
            joined += b"\n"
        joined += line
    return bytes(joined)


def _is_data(line: bytes) -> bool:
    return _data_of(line) is not None


def _data_of(line: bytes) -> bytes | None:
    """Return the data of a line, None where it has none."""
    line = _END.sub(b"", line).removeprefix(_BOM)
    if line.startswith(b"data:"):
        return line[5:].removeprefix(b" ")
    return b"" if line == b"data" else None
