"""A text as somebody spells it to hide it: apart, as numbers, turned by thirteen, wrapped anywhere.

Each spelling is undone whether it was used or not: what comes of ordinary text is no token of anything.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

LONGEST: Final = 2000
"""Characters of a text that are looked at: tokens are shorter, however they are spelled."""

_APART: Final = re.compile(r"[\s.,:;|+~*/]+")
_DASHES: Final = re.compile(r"[\s.,:;|+~*/-]+")
"""Dashes are part of some tokens, and stand between the pieces of others; an underscore is always part."""
_NUMBERS: Final = re.compile(r"[0-9]{2,3}(?:[\s.,:;|_+-]+[0-9]{2,3}){7,}")
_BITS: Final = re.compile(r"(?:[01]{8}[\s.,:;|_+-]*+){8,}")
_WRAPPED: Final = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{8,}+\r?\n)+[A-Za-z0-9+/_-]{2,}+={0,2}"  # else it begins anywhere in a line
)


def respelled(text: str) -> Iterator[str]:
    """Yield what a text comes to by each spelling."""
    text = text[:LONGEST]
    yield _APART.sub("", text)
    yield _DASHES.sub("", text)
    yield codecs.encode(text, "rot13")
    for found in _NUMBERS.finditer(text):
        yield _shown(int(number) for number in re.findall("[0-9]+", found[0]))
    for found in _BITS.finditer(text):
        yield _shown(int(byte, 2) for byte in re.findall("[01]{8}", found[0]))
    for found in _WRAPPED.finditer(text):
        yield "".join(found[0].split())


def _shown(codes: Iterator[int]) -> str:
    return "".join(chr(code) if 32 <= code < 127 else " " for code in codes)
