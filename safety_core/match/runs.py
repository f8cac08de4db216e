"""Long runs of the characters that tokens and encodings are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

SHORTEST: Final = 16
_INSIDE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
_SPACED: Final = bytes(byte if byte in _INSIDE else 0x20 for byte in range(256))
_LONG: Final = re.compile(rb" *+(?:[^ ]{1,%d}+(?: ++|\Z))*+(?:([^ ]{%d,}+)|\Z)" % (SHORTEST - 1, SHORTEST))
"""Steps over short words without ever giving back a character or failing: one pass, whatever the text."""


def runs(flat: bytes) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of every run of at least `SHORTEST` characters of base64, base64url, hex or
    base32, without padding."""
    for found in _LONG.finditer(flat.translate(_SPACED)):
        if found[1]:
            yield found.span(1)
