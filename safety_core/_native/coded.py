"""Long runs of the characters that tokens and encodings are made of: what may be chance, what may be text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from safety_core._native.gates import Gates
from safety_core._native.words import hinted

SHORTEST: Final = 16
SOME: Final = 2
"""Characters of a kind from which it is not there by accident."""

MANY: Final = 8
"""One character in so many is a digit: chance has more, identifiers fewer."""

ALONE: Final = 24
"""Length from which a token may be a secret without a name before it."""

WIDTH: Final = 64
"""Characters before a run in which that name may stand."""

_KINDS: Final = (b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_CLASS: Final = rb"A-Za-z0-9+/_\-"
_RUN: Final = re.compile(rb"[%b]+" % _CLASS)
_LONG: Final = Gates({rb"(?:^|[^%b])[%b]{%d}" % (_CLASS, _CLASS, SHORTEST): SHORTEST})

_WHOLE: Final = re.compile(rb"[A-Za-z0-9]{10}")
"""Identifiers are put together from shorter words."""

_BARE: Final = re.compile(rb"[0-9a-fA-F]+")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_BASE32: Final = re.compile(rb"(?:[A-Z2-7]+|[a-z2-7]+)")
_PLAIN: Final = re.compile(rb"[/a-z_-]*+|[/A-Z_-]*+")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_PACKED: Final = (b"\x1f\x8b", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\t\r\n" + bytes(range(0x80, 0x100))


def runs(flat: bytes) -> Iterator[tuple[int, int]]:
    """Return [start, end) of every run of at least `SHORTEST` characters."""
    return (found.span() for start in _LONG.starts(flat) if (found := _RUN.match(flat, start)))


def is_plain(run: bytes) -> bool:
    """Tell whether `run` is made of words and paths of one case, without a digit: it is neither chance nor coded."""
    return _PLAIN.fullmatch(run) is not None


def is_mixed(run: bytes) -> bool:
    """Tell whether `run` has letters and digits as chance has them: some upper case, lower case and digits, or
    many digits."""
    digits, upper, lower = (len(run) - len(run.translate(None, kind)) for kind in _KINDS)
    if min(digits, upper, lower) >= SOME:
        return True
    return digits > SOME and digits * MANY >= len(run) and upper + lower > 0


def may_be_chance(flat: bytes, start: int, end: int) -> bool:
    """Tell whether the run [start, end) of `flat` may be chance: it is mixed, no identifier, and long enough or with a
    name before it that promises a secret, without which bare hexadecimal digits say nothing."""
    run = flat[start:end]
    if not is_mixed(run) or not _WHOLE.search(run):
        return False
    alone = len(run) >= ALONE and not _BARE.fullmatch(run)
    return alone or hinted(flat[max(0, start - WIDTH) : end])


def is_coded(run: bytes) -> bool:
    """Tell whether one of its readings may be text, packed text or wide text."""
    return any(map(may_be_text, readings(run)))


def readings(run: bytes) -> Iterator[bytes]:
    """Yield what `run` decodes to, as hexadecimal digits, base32 and base64, where it can be that."""
    if _HEX.fullmatch(run):
        yield bytes.fromhex(run.decode("ascii"))
    if _BASE32.fullmatch(run):
        with suppress(binascii.Error):
            yield base64.b32decode(run.upper() + b"=" * (-len(run) % 8))
    body = run.translate(_STANDARD)
    yield binascii.a2b_base64(body[: len(body) - (len(body) % 4 == 1)] + b"==")


def is_packed(raw: bytes) -> bool:
    """Tell whether `raw` begins as gzip (RFC 1952) or zlib (RFC 1950) does."""
    return raw.startswith(_PACKED)


def wide_encoding(raw: bytes) -> str | None:
    """Return "utf-16-le" or "utf-16-be" for what looks like UTF-16 or UTF-32: every second byte is mostly zero."""
    if len(raw) >= 8 and raw[1::2].count(0) * 4 > len(raw):
        return "utf-16-le"
    return "utf-16-be" if len(raw) >= 8 and raw[::2].count(0) * 4 > len(raw) else None


def is_printable(raw: bytes) -> bool:
    """Tell whether at most one byte in ten is a control character, and at most one is not UTF-8."""
    size = len(raw)
    if size < 6 or len(raw.translate(None, _PRINTABLE)) * 10 > size:
        return False
    return raw.isascii() or (size - len(raw.decode("utf-8", "ignore").encode())) * 10 <= size


def may_be_text(raw: bytes) -> bool:
    """Tell whether it is worth to look at `raw` as text."""
    return is_packed(raw) or wide_encoding(raw) is not None or is_printable(raw)
