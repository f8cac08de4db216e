"""Text -> one byte per character, and its squeezed form.

`flatten` folds what merely looks different: full-width and mathematical letters, accents, Cyrillic and Greek
look-alikes, tag characters. Byte i stands for character i, so positions need no table. `squeeze` then drops
everything that is not a letter or digit, and case. A secret that was spaced out, wrapped, dashed or written
in full width is the same squeezed bytes again.
"""

from __future__ import annotations

import codecs
import unicodedata
from itertools import compress
from typing import Final, cast

SENTINEL: Final = "\ufdd0"
"""Stands for a placeholder while a text is scanned. Nothing matches across it."""

_BOUNDARY: Final = 0xFF
_INVISIBLE: Final = 0x00
_OTHER: Final = 0x01
_MEMO: Final = 20_000
"""Characters whose fold is remembered; bounded, because the text is somebody else's."""

_LOOKALIKES: Final = dict(
    zip(
        map(ord, "АВЕКМНОРСТУХЅІЈԚԜҮЗаеорсухѕіјԁԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρτυικϲϳ"),
        map(ord, "ABEKMHOPCTYXSIJQWY3aeopcyxsijdqwhlABEZHIKMNOPTYXoavptuikcj"),
        strict=True,
    )
)


class _Fold(dict[int, int]):
    """Code point -> one byte, worked out when first met."""

    def __missing__(self, code: int) -> int:
        byte = _fold(code)
        if len(self) < _MEMO:
            self[code] = byte
        return byte


def _fold(code: int) -> int:
    if code == ord(SENTINEL):
        return _BOUNDARY
    if 0xE0120 <= code <= 0xE017E:
        return code - 0xE0100
    if 0xE0020 <= code <= 0xE0FFF:
        return _FOLD[code - 0xE0000] if not 0xE0100 <= code <= 0xE01EF else _INVISIBLE
    if code in _LOOKALIKES:
        return _LOOKALIKES[code]
    base = ord(unicodedata.normalize("NFKD", chr(code))[0])
    if base < 0x80:
        return base
    if base in _LOOKALIKES:
        return _LOOKALIKES[base]
    return _by_category(base, unicodedata.category(chr(base)))


def _by_category(code: int, category: str) -> int:
    if category[0] in "LN":
        return 0x80 + code % 0x7F
    return _INVISIBLE if category in {"Cf", "Mn", "Me", "Mc"} else _OTHER


_FOLD: Final = _Fold()


def _fold_run(error: UnicodeError) -> tuple[bytes, int]:
    found = cast("UnicodeEncodeError", error)  # it is registered for encoding only
    return found.object[found.start : found.end].translate(_FOLD).encode("latin-1"), found.end


_HANDLER: Final = "safety_core.fold"
codecs.register_error(_HANDLER, _fold_run)

_KEPT: Final = frozenset((*b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *range(0x80, 0x100)))
_LOWER: Final = bytes(range(256)).lower()
_DROPPED: Final = bytes(byte for byte in range(256) if byte not in _KEPT)
_MASK: Final = bytes(int(byte in _KEPT) for byte in range(256))


def flatten(text: str) -> bytes:
    """Return one byte per character of `text`. 0xFF stands for `SENTINEL` alone, 0 for invisible
    characters."""
    return text.encode("ascii", _HANDLER)


def squeeze(flat: bytes) -> bytes:
    """Return the letters and digits of a flattened text in lower case; bytes from 0x80 are other letters."""
    return flat.translate(_LOWER, _DROPPED)


def positions(flat: bytes) -> list[int]:
    """Return, for each byte of `squeeze(flat)`, the character it comes from."""
    return list(compress(range(len(flat)), flat.translate(_MASK)))
