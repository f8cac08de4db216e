"""Structure checks, by the name that a pattern gives. Each takes the secret and the whole match and says
whether it can be real."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from safety_core.match.assigned import IN_CONTEXT
from safety_core.match.structure import STRUCTURE
from safety_core.match.wordlike import entropy, repeated, word_letters

Check: TypeAlias = Callable[[str, str], bool]

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LINE: Final = re.compile(r"[A-Za-z0-9+/=]{30}")
"""Makers of keys break lines after 64 characters, some after fewer; words are shorter."""

_FILLED_IN: Final = re.compile(r"[xX*#.]{6,}")


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


def filled_in(secret: str, _match: str) -> bool:
    """Not a row of crosses, dots or stars, as in documentation. Every pattern without another check has this one."""
    return not _FILLED_IN.search(secret)


def not_repeated(secret: str, _match: str) -> bool:
    """Not a row of crosses, dots or the same character, as in documentation."""
    return not repeated(secret)


def random_looking(secret: str, _match: str) -> bool:
    """Not a row of the same character, and not mainly words."""
    return not repeated(secret) and entropy(secret) >= 2.5 and word_letters(secret) * 2 < len(secret)


CHECKS: Final[Mapping[str, Check]] = {
    "": filled_in,
    "github_crc": github_crc,
    "jwt": jwt,
    "luhn": luhn,
    "not_repeated": not_repeated,
    "pem": pem,
    "random_looking": random_looking,
    **IN_CONTEXT,
    **STRUCTURE,
}
