"""One secret -> everything it looks like once squeezed.

Covered by a needle: as it is (also spaced, wrapped, dashed, in full width, see `squeeze`), base64 and
base64url at three alignments, base32, bytes in hexadecimal, decimal and octal, ascii85, base85, rot13,
reversed. What else there is (escapes, nesting, compression) is undone first; so what a secret comes to whose own
characters look like an escape (`%40`) is one more needle. Of longer secrets also pieces of 10 letters and digits, so
that half of one is found too.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from safety_core._native.engine import ENGINE
from safety_core._native.fold import BOUNDARY
from safety_core.match.layer import flatten, squeeze
from safety_core.match.wordlike import word_letters

PLAIN_MINIMUM: Final = 11
"""Letters and digits that a secret must have to be looked for in squeezed text; a shorter one is only found
exactly."""

CODED_MINIMUM: Final = 10
"""The same for its encodings, which are rarer in ordinary text."""

PIECE: Final = 10
_STEP: Final = 5
"""Between pieces: whatever holds 14 letters and digits of a secret in a row holds a piece."""

_PIECES: Final = 48
"""Pieces kept of one secret. A whole private key has more, but not one that matters more."""

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:(?P<core>[^/\s@]+)@")
_ARMOUR: Final = re.compile(r"-----[A-Z0-9 ]+-----")
_PREFIX: Final = re.compile(r"(?:[A-Za-z]{2,12}[-_]){1,3}(?P<core>[A-Za-z0-9_.-]+)")
_JWT: Final = re.compile(r"eyJ[A-Za-z0-9_-]+\.(?P<core>[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)")


FORMS: Final = (
    *("", "reversed", "rot13", "base64", "base32", "hex", "hex-reversed", "decimal", "octal"),
    *("ascii85", "base85", "piece"),
)
"""How needles come about: the value itself, an encoding of it, a piece of it."""


class Needle(NamedTuple):
    """Squeezed bytes that give a secret away. `form` is one of `FORMS`."""

    form: str
    squeezed: bytes


def needles_of(value: str) -> tuple[Needle, ...]:
    """Return every needle of one secret, without repeats. None are returned for one that is too short."""
    return tuple({needle.squeezed: needle for needle in reversed([*_all(value)])}.values())


def _all(value: str) -> Iterator[Needle]:
    plain = squeeze(flatten(value))
    if len(plain) >= PLAIN_MINIMUM:
        yield Needle("", plain)
        yield Needle("rot13", squeeze(flatten(codecs.encode(value, "rot13"))))
        yield Needle("reversed", plain[::-1])
    undone = ENGINE.unescaped(flatten(value))
    if undone and BOUNDARY not in undone[0]:
        plain = squeeze(undone[0])
        if len(plain) >= PLAIN_MINIMUM:
            yield Needle("", plain)
    for form, text in encodings(value.encode("utf-8", "surrogatepass")):
        needle = squeeze(text)
        if len(needle) >= CODED_MINIMUM:
            yield Needle(form, needle)
    yield from _pieces(value)


def encodings(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (form, text) of each encoding of `raw`; base64 three times, by where in a group `raw` begins."""
    for shift in range(3):
        yield "base64", _aligned(raw, shift)
    yield "base32", base64.b32encode(raw)[: len(raw) * 8 // 5]
    yield "hex", raw.hex().encode()
    yield "hex-reversed", raw.hex()[::-1].encode()
    yield "decimal", "".join(map(str, raw)).encode()
    yield "octal", "".join([f"{byte:o}" for byte in raw]).encode()
    yield "ascii85", base64.a85encode(raw)
    yield "base85", base64.b85encode(raw)


def _aligned(raw: bytes, shift: int) -> bytes:
    """Return those base64 characters of `raw`, `shift` bytes into a group, that do not depend on its
    neighbours."""
    coded = base64.b64encode(bytes(shift) + raw)
    return coded[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]


def core_of(value: str) -> str:
    """Return the part of a secret that is its own: without the URL around it, the armour of a key, the header of a
    JWT, the prefix that a provider gives to all of its tokens."""
    found = _URL.match(value) or _JWT.match(value) or _PREFIX.match(value)
    return found["core"] if found else _ARMOUR.sub(" ", value)


def _pieces(value: str) -> Iterator[Needle]:
    core = squeeze(flatten(core_of(value)))
    if len(core) < PIECE + _STEP:
        return
    starts = [*range(0, len(core) - PIECE, _STEP), len(core) - PIECE]
    for start in starts[:: -(-len(starts) // _PIECES)]:
        piece = core[start : start + PIECE]
        if _is_rare(piece):
            yield Needle("piece", piece)


def _is_rare(piece: bytes) -> bool:
    """Tell whether ordinary text does not hold `piece`: it is no number, no repetition, and spells nothing."""
    if piece.isdigit() or len(set(piece)) <= PIECE // 2:
        return False
    digits = PIECE - len(piece.translate(None, b"0123456789"))
    return digits > PIECE // 4 or word_letters(piece.decode("latin-1")) * 2 < PIECE
