"""Structure checks of keys that products give out: what their makers built in, and what chance looks like.

A checksum decides only where nothing else does: a key with a prefix of its own that somebody mistyped must not leave
either.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from safety_core.match.wordlike import entropy, repeated, usual_share, word_letters

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LINE: Final = re.compile(r"[A-Za-z0-9+/=]{30}")
"""Makers of keys break lines after 64 characters, some after fewer; words are shorter."""

_CHANCE: Final = 2.5
"""Bits per character: 16 hexadecimal digits drawn by chance have less than this once in a thousand times."""

_WORDS: Final = 0.7
"""Share of letters in words: three in 10,000 of 24 characters drawn from 36 come this near to words."""

_ONE_KIND: Final = 16
"""Letters or digits alone may be a key from this length on: so are six in 100 of 16 drawn from 62 characters."""

_FINGERPRINT: Final = re.compile(
    r"sha-?[0-9]|\bsha\b|\bmd5|hash|commit|check_?sum|digest|integrity|revision|\brev\b|etag|blob|uuid|guid|fingerprint",
    re.IGNORECASE,
)
"""Names of what is public and looks like chance as well."""

_FILLED_IN: Final = re.compile(r"[xX*#.]{6,}")


def filled_in(secret: str, _match: str) -> bool:
    """Not a row of crosses, dots or stars, as in documentation. Every pattern without another check has this one."""
    return not _FILLED_IN.search(secret)


def not_repeated(secret: str, _match: str) -> bool:
    """Not a row of crosses, dots or the same character, as in documentation."""
    return not repeated(secret)


def random_looking(secret: str, _match: str) -> bool:
    """Not a row of the same character, and not mainly words."""
    return not repeated(secret) and entropy(secret) >= _CHANCE and word_letters(secret) * 2 < len(secret)


def mixed(secret: str, _match: str) -> bool:
    """Letters and digits, not one repeated, not mainly words."""
    return _by_chance(secret) and any(map(str.isdigit, secret)) and any(map(str.isalpha, secret))


def keyed(secret: str, match: str) -> bool:
    """Looks drawn by chance, and is not named as the fingerprint of something."""
    if not _by_chance(secret) or _FINGERPRINT.search(match.partition(secret)[0]):
        return False
    kinds = any(map(str.isdigit, secret)) + any(map(str.isalpha, secret))
    return kinds == 2 or (len(secret) >= _ONE_KIND and usual_share(secret) < 0.4)


def _by_chance(secret: str) -> bool:
    return not repeated(secret) and entropy(secret) >= _CHANCE and word_letters(secret) < len(secret) * _WORDS


def github_crc(secret: str, _match: str) -> bool:
    """The last six characters are the CRC-32 of those between prefix and checksum, in base 62."""
    body, checksum = secret.rpartition("_")[2][:-6], secret[-6:]
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits == checksum


def jwt(secret: str, _match: str) -> bool:
    """The first segment is a JSON object that names an algorithm or type; not every maker's is strict JSON."""
    try:
        header = base64.urlsafe_b64decode(secret.split(".", 1)[0] + "==")
    except (binascii.Error, ValueError):
        return False
    return header.startswith(b"{") and any(name in header for name in (b'"alg"', b'"typ"', b'"enc"', b'"kid"'))


def luhn(secret: str, _match: str) -> bool:
    """The digits end in their Luhn check digit, and are not all alike."""
    digits = [int(digit) for digit in secret if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 3 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def pem(secret: str, _match: str) -> bool:
    """There is key material between the armour: 40 characters of base64, not one repeated, in lines, not words."""
    body = re.sub(r"-----[A-Z0-9 ]+-----|\\[nr]", "\n", secret)
    material = re.sub(r"[^A-Za-z0-9+/=]", "", body)
    return len(material) >= 40 and len(set(material)) > 8 and _LINE.search(body) is not None


def base64_json(secret: str, _match: str) -> bool:
    """The base64 from the first `eyJ` on is a JSON object."""
    text = re.split(r"[^A-Za-z0-9+/_-]", secret[max(secret.find("eyJ"), 0) :])[0]
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if set(text) & set("-_") else None)
        return isinstance(json.loads(raw), dict)
    except (binascii.Error, ValueError):
        return False


def base58_check(secret: str, _match: str) -> bool:
    """Base 58 whose last four bytes are the double SHA-256 of those before, as Bitcoin's wallets write keys."""
    value = 0
    for letter in secret:
        digit = _BASE58.find(letter)
        if digit < 0:
            return False
        value = value * 58 + digit
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def base32_crc16(secret: str, _match: str) -> bool:
    """Base 32 whose last two bytes are the CRC-16 of those before, low byte first: seeds of NATS and of Stellar."""
    try:
        raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError):
        return False
    return binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")


STRUCTURE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "": filled_in,
    "base32_crc16": base32_crc16,
    "base58_check": base58_check,
    "base64_json": base64_json,
    "github_crc": github_crc,
    "jwt": jwt,
    "keyed": keyed,
    "luhn": luhn,
    "mixed": mixed,
    "not_repeated": not_repeated,
    "pem": pem,
    "random_looking": random_looking,
}
