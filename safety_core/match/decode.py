"""Encoded runs -> a layer of the texts that they come to.

Runs of base64, base32 or hexadecimal digits are decoded as a whole where what comes out is text, packed text
included. A find in it counts for the whole run it came from.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from safety_core._native import coded
from safety_core._native.fold import BOUNDARY
from safety_core._native.twin import CODED
from safety_core.errors import UnscannableError
from safety_core.match.layer import Edit, Layer, edited, flatten

DEPTH: Final = 3
"""Encodings inside of each other that are undone. More serve no honest purpose; each costs a scan of what was
found."""

UNPACKED: Final = 1 << 20
"""Bytes that one packed run may come to."""

OPENED: Final = 4 << 20
"""Characters that all runs of a text together may come to, beyond the text's own length."""

_WIDTHS: Final = frozenset({60, 64, 72, 76})
"""Characters of a line of wrapped base64 or hexadecimal digits."""

_LINE_END: Final = re.compile(rb"[\r\n=]+")

_GAP: Final = bytes((BOUNDARY,))


def opened(layer: Layer) -> Layer | None:
    """Return a layer of the texts that encoded runs come to, apart from each other; None where there are none.

    Runs that stand in the parent as they are here have been opened there.

    Raises:
        UnscannableError: a packed run, or all runs together, come to more than is scanned.
    """
    edits: list[Edit] = []
    copied = total = 0
    for start, end, inner in _inner(layer):
        edits += (Edit(copied, start, _GAP), Edit(start, end, inner))
        copied = end
        total += len(inner)
        if total > OPENED + len(layer.flat):
            raise UnscannableError("text", "holds packed data that comes to too much", "send it unpacked")
    return edited(layer, [*edits, Edit(copied, len(layer.flat), _GAP)]) if edits else None


def _inner(layer: Layer) -> Iterator[tuple[int, int, bytes]]:
    flat = layer.flat
    done = tried = 0
    for start, end, kind in layer.runs:
        if not kind & CODED or start < done or not layer.changed(start, end):
            continue
        block = _block(flat, start, end) if start >= tried else None
        if block is not None:
            tried = block.end()
            text = decoded(_LINE_END.sub(b"", block[0]))
            if text is not None:
                done = tried
                yield start, done, flatten(text)
                continue
        text = decoded(flat[start:end])
        if text is not None:
            tail = flat[end : end + 6]
            done = end + len(tail) - len(tail.lstrip(b"="))
            yield start, done, flatten(text)


def _block(flat: bytes, start: int, end: int) -> re.Match[bytes] | None:
    """Return the lines of one width of which [start, end) is the first, as programs wrap what they encode; what lies
    across the end of a line would not be seen in any of them."""
    found = _lines(end - start).match(flat, start) if end - start in _WIDTHS else None
    return found if found and found.end() > end else None


@lru_cache(maxsize=8)
def _lines(width: int) -> re.Pattern[bytes]:
    inside = rb"[A-Za-z0-9+/_-]"
    line, last = (rb"%b{%d}(?!%b)" % (inside, most, inside) for most in (width, width - 1))
    last = last.replace(b"{", b"{1,")
    return re.compile(rb"%b(?:\r?\n%b)*+(?:\r?\n%b={0,6})?+" % (line, line, last))


def decoded(run: bytes) -> str | None:
    """Return the text that a run of base64, base32 or hexadecimal digits comes to, or None where it comes to none."""
    return next(filter(None, map(_text, coded.readings(run))), None)


def _text(raw: bytes) -> str | None:
    if coded.is_packed(raw):
        raw = _unpacked(raw)
    wide = coded.wide_encoding(raw)
    if wide:
        raw = raw.decode(wide, "replace").replace("\0", "").encode()
    return raw.decode("utf-8", "replace") if coded.is_printable(raw) else None


def _unpacked(raw: bytes) -> bytes:
    engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = engine.decompress(raw, UNPACKED)
    except zlib.error:
        return b""
    if engine.unconsumed_tail:
        raise UnscannableError("text", "holds packed data that comes to too much", "send it unpacked")
    return plain
