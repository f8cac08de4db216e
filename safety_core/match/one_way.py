"""Needles that do not tell what they look for. With them OpenClaw's plugin, which must hold no secret, takes secrets
out of a text at once, where it cannot wait for the edge (`before_message_write`, `tool_result_persist`).

A needle stands for one spelling of one secret, as UTF-8 bytes: as it is, in base64 and base64url at each of the three
places in a group, in hexadecimal and base32 of both cases, percent-encoded, escaped for JSON once and twice, and for
HTML. It says how many bytes there are (n), a filter of the first 8 (f), a keyed hash of all (h), and what to write
instead (ref).

The key (16 bytes) is drawn anew by every edge process and travels with the needles. All arithmetic is modulo 2**32:

    M    = the key's bytes 0..3 as a little-endian number, its last three bits set to 101
    S    = the key's bytes 4..7 as a little-endian number, its last bit set
    H    = (((b0 * M + b1) * M + b2) ... ) * M + b7         over a window of 8 bytes b0..b7
    roll = (H - b0 * M**7) * M + b8                         the same for the window one byte further on
    f    = (H * S) >> 12                                    the upper 20 bits of the product
    h    = the first 16 bytes of HMAC-SHA256(key, the n bytes), in hexadecimal

In JavaScript a product is `Math.imul(a, b) >>> 0`. To look through a text: roll over its bytes; where f is that of some
needles, compute h once for each n that these have and for which bytes are left; of those that agree the longest counts.
Write its ref in place of the n bytes and go on behind them.

A worked example, made up: with the key 000102030405060708090a0b0c0d0e0f and the value `plum-jam 4711` (n = 13)

    M = 50462981   S = 117835013   H of "plum-jam" = 71142775   f = 896017   H of "lum-jam " = 3132499971
    h = ca0f8d0fefd753faec0fe59c821b7666

What this gives away to whoever reads the plugin's memory: how long a secret is, and a way to try guesses. A value drawn
by chance cannot be guessed; a short password that a person made up can. A secret of fewer than 8 bytes has no needle:
it is left to the edge's own redaction. So is what only the edge undoes (nesting, compression, look-alike letters).
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus

from safety_core.canonical import JsonObject
from safety_core.match.needles import encodings
from safety_core.model.secret import SecretName, SecretValue, reference

WINDOW: Final = 8
"""Bytes that the filter looks at; a shorter secret has no needle."""

KEY_BYTES: Final = 16
DIGEST_BYTES: Final = 16

_WORD: Final = 0xFFFFFFFF
_FILTER_SHIFT: Final = 12
_EXACT: Final = frozenset({"base64", "base32", "hex"})
"""Encodings that programs write as one run; the others have separators in them, or no one spelling."""

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_COMPONENT: Final = "!*'()"
"""What JavaScript's `encodeURIComponent` leaves as it is, and Python's `quote` does not."""


class OneWayNeedle(NamedTuple):
    """One spelling of one secret, without the spelling. See the module for `filter` and `digest`."""

    length: int
    filter: int
    digest: str
    name: SecretName

    def to_json(self) -> JsonObject:
        """Return it as the plugin gets it."""
        return {"n": self.length, "f": self.filter, "h": self.digest, "ref": reference(self.name)}


def one_way_needles(name: SecretName, value: SecretValue, key: bytes) -> tuple[OneWayNeedle, ...]:
    """Return a needle for each spelling of one secret; none for one that is shorter than `WINDOW` bytes, because hashes
    of its longer spellings could be guessed as well. `key`: `KEY_BYTES` bytes."""
    plain = value.reveal()
    spellings = dict.fromkeys(_spellings(plain)) if len(plain.encode("utf-8", "surrogatepass")) >= WINDOW else ()
    return tuple(
        OneWayNeedle(len(spelling), filter_of(spelling[:WINDOW], key), digest_of(spelling, key), name)
        for spelling in spellings
    )


def filter_of(window: bytes, key: bytes) -> int:
    """Return the 20 bits of `WINDOW` bytes."""
    multiplier, scale = _numbers(key)
    rolled = 0
    for byte in window:
        rolled = (rolled * multiplier + byte) & _WORD
    return ((rolled * scale) & _WORD) >> _FILTER_SHIFT


def digest_of(text: bytes, key: bytes) -> str:
    """Return the keyed hash, 32 hexadecimal digits."""
    return hmac.digest(key, text, hashlib.sha256)[:DIGEST_BYTES].hex()


def _numbers(key: bytes) -> tuple[int, int]:
    return int.from_bytes(key[:4], "little") & ~7 | 5, int.from_bytes(key[4:8], "little") | 1


def _spellings(value: str) -> Iterator[bytes]:
    raw = value.encode("utf-8", "surrogatepass")
    yield raw
    for form, text in encodings(raw):
        if form in _EXACT:
            yield text
            yield text.translate(_URL_SAFE) if form == "base64" else text.swapcase()
    yield from _percent(raw)
    once = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    escaped = [*once, *(text.replace("/", "\\/") for text in once), *(json.dumps(text)[1:-1] for text in once)]
    for written in (*escaped, html.escape(value), html.escape(value, quote=False)):
        yield written.encode("utf-8", "surrogatepass")


def _percent(raw: bytes) -> Iterator[bytes]:
    """Yield it as libraries write it into a URL, and with every byte escaped; the digits in both cases."""
    for text in (quote(raw, safe=""), quote(raw, safe=_COMPONENT), quote(raw), quote_plus(raw)):
        yield from (text.encode(), _lower_escapes(text).encode())
    whole = "".join(f"%{byte:02X}" for byte in raw)
    yield from (whole.encode(), whole.lower().encode())


def _lower_escapes(text: str) -> str:
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
