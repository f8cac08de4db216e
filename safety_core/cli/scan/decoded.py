"""Bytes -> text: by their mark, else UTF-8, else Latin-1. What is no text at all is left out."""

from __future__ import annotations

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD: Final = 8192
"""Bytes that tell text from other things; a zero byte further on is part of a text."""

_CONTROLS: Final = bytes(sorted({*range(32), 127} - set(b"\t\n\r\f\b\x1b")))


def decoded(raw: bytes) -> str | None:
    """Return the text of a file without its mark, or None where it is none."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    head = raw[:_HEAD]
    if 0 in head:
        wide = _wide(head)
        return raw.decode(wide, "replace") if wide else None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        few = len(head) - len(head.translate(None, _CONTROLS)) <= len(head) // 20
        return raw.decode("latin-1") if few else None


def _wide(head: bytes) -> str:
    """Return UTF-16 where nearly every other byte is zero and hardly any of the rest, or nothing."""
    even, odd = head[::2], head[1::2]
    for low, high, encoding in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if low and high and high.count(0) * 10 >= len(high) * 8 and low.count(0) * 50 <= len(low):
            return encoding
    return ""
