"""What the C extension does, in Python: the reference that it is held to, and what runs where it was not built.

All work on flat bytes (see fold.py). Tables and escapes are in modules of their own.
"""

from __future__ import annotations

import codecs
import json
import re
import struct
from array import array
from itertools import compress
from typing import Final, cast

from safety_core._native import coded
from safety_core._native.escapes import unescaped
from safety_core._native.fold import fold
from safety_core._native.plain_json import HEX_ESCAPE, is_plain_json
from safety_core._native.words import entropy, hinted, usual_share, word_letters

__all__ = [
    "contains",
    "entropy",
    "flatten",
    "hinted",
    "json_trail",
    "json_view",
    "positions",
    "runs",
    "squeeze",
    "unescaped",
    "usual_share",
    "word_letters",
]

_MEMO: Final = 20_000
"""Characters whose fold is remembered; bounded, because the text is somebody else's."""


class _Fold(dict[int, int]):
    """Code point -> one byte, worked out when first met."""

    def __missing__(self, code: int) -> int:
        byte = fold(code)
        if len(self) < _MEMO:
            self[code] = byte
        return byte


_FOLD: Final = _Fold()


def _fold_run(error: UnicodeError) -> tuple[bytes, int]:
    found = cast("UnicodeEncodeError", error)  # it is registered for encoding only
    return found.object[found.start : found.end].translate(_FOLD).encode("latin-1"), found.end


_HANDLER: Final = "safety_core.fold"
codecs.register_error(_HANDLER, _fold_run)

KEPT: Final = frozenset((*b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *range(0x80, 0x100)))
_LOWER: Final = bytes(range(256)).lower()
DROPPED: Final = bytes(byte for byte in range(256) if byte not in KEPT)
"""Bytes that `squeeze` leaves out."""

MASK: Final = bytes(int(byte in KEPT) for byte in range(256))
"""1 for bytes that it keeps, to translate flat bytes with."""


def flatten(text: str) -> bytes:
    """Return one byte per character of `text`."""
    return text.encode("ascii", _HANDLER)


def squeeze(flat: bytes) -> bytes:
    """Return the letters and digits of flat bytes, in lower case; bytes from 0x80 are other letters."""
    return flat.translate(_LOWER, DROPPED)


def positions(flat: bytes) -> bytes:
    """Return, for each byte of `squeeze(flat)`, the character it comes from: unsigned 32-bit numbers, in the machine's
    order."""
    return array("I", compress(range(len(flat)), flat.translate(MASK))).tobytes()


def contains(flat: bytes, needle: bytes) -> bool:
    """Tell whether `needle` stands in `flat`."""
    return needle in flat


_CODE: Final = re.compile(rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4})")
_SIMPLE: Final = {b'"': b'"', b"/": b"/", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def json_view(raw: bytes, strict: bool) -> bytes | None:
    """Return the JSON text `raw` (UTF-8) in flat bytes with its escapes undone.

    Where `strict`, None for what is no well-formed JSON, or may be none: it is then for a parser to say what is wrong.
    """
    if strict and not is_plain_json(raw):
        return None
    plain = raw
    if b"\\" in raw:
        # Pairs of backslashes first: each one that is left then begins an escape.
        plain = b"\\".join([_undone(part) for part in raw.split(b"\\\\")])
    return flatten(plain.decode("utf-8", "surrogatepass"))


def _undone(raw: bytes) -> bytes:
    if HEX_ESCAPE.search(raw):
        pieces = _CODE.split(raw)
        pieces[1::2] = map(_character, pieces[1::2])
        return b"".join([piece if odd % 2 else _without_simple(piece) for odd, piece in enumerate(pieces)])
    return _without_simple(raw)


def _without_simple(raw: bytes) -> bytes:
    first, *rest = raw.replace(b"\\n", b"\n").split(b"\\")  # most of them are line ends
    return first + b"".join([_SIMPLE.get(part[:1], b"\\" + part[:1]) + part[1:] for part in rest])


def _character(escape: bytes) -> bytes:
    return str(json.loads(b'"%b"' % escape)).encode("utf-8", "surrogatepass")


_ESCAPE: Final = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u])")


def json_trail(raw: bytes) -> bytes | None:
    """Return where escapes stood, as `unescaped` does, in characters of the JSON text. None is what C returns where it
    is not sure."""
    trail = bytearray()
    longer = 0
    for found in _ESCAPE.finditer(raw.decode("utf-8", "surrogatepass")):
        start, end = found.span()
        trail += struct.pack("=4I", start - longer, start - longer + 1, start, end)
        longer += end - start - 1
    return bytes(trail)


MIXED: Final = 1
"""Kind of a run: letters and digits as chance has them, see `coded.may_be_chance`."""

CODED: Final = 2
"""Kind of a run: what it decodes to may be text, or packed."""


def runs(flat: bytes, least: int, most: int) -> list[tuple[int, int, int]]:
    """Return (start, end, kind) of the runs of 16 characters or more of base64, base64url, hex or base32, without
    padding, that deserve a closer look. `kind` is `MIXED` (with a length from `least` to `most`), `CODED`, or both."""
    found: list[tuple[int, int, int]] = []
    for start, end in coded.runs(flat):
        run = flat[start:end]
        if coded.is_plain(run):
            continue
        mixed = least <= end - start <= most and coded.may_be_chance(flat, start, end)
        kind = MIXED * mixed | CODED * coded.is_coded(run)
        if kind:
            found.append((start, end, kind))
    return found
