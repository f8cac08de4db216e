"""Structure checks, by the name that a pattern gives. Each takes the secret and the whole match and says
whether it can be real."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from safety_core.match.wordlike import entropy, usual_share, word_letters

Check: TypeAlias = Callable[[str, str], bool]

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALIKE: Final = re.compile(r"(.)\1{5,}|[xX*.#]{6,}|\.\.\.", re.DOTALL)
_STAND_IN: Final = re.compile(
    r"\*{3}|\.{3}|x{4}|[<>]|[$#%]\{|\{\{|\$\(|%[sdv(]|^[$%@&]|^\W+$"
    r"|example|changeme|change[-_]me|placeholder|dummy|sample|redacted|secret_ref|\byour|^my[-_]|insert[-_]|replace[-_]"
    r"|^(?:none|null|nil|true|false|undefined|todo|string|self|this)\b"
    r"|^(?:pass(?:wd|word)?|pwd|pw|user|admin|root|secret|token|key)\d{0,4}$",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"[/.~]{0,2}/|[a-z][a-z0-9+.-]*://|[\w$]+\(|\w+\[|[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+[;,)]*$",
    re.IGNORECASE,
)
_ALGORITHM: Final = re.compile(
    r"(?:[A-Z]{2,8}|[a-z]{2,8}|[0-9]{1,4})(?:[-_/.](?:[A-Za-z]{1,8}[0-9]{0,4}|[0-9]{1,4}))*|[a-zA-Z]{2,6}[0-9]{1,4}"
)
_FILLED_IN: Final = re.compile(r"[xX*#.]{6,}")
_OTHER_NAME: Final = re.compile(
    r"(?:[a-z]I[dD]|[_. -]id|type|name|path|file|url|uri|length|size|limit|count|policy|hint|label|title|expires\w*)"
    r"s?\W*$",
    re.IGNORECASE,
)
"""Names that merely begin like a secret's: `token_type`, `SecretId`, `passwordHint`."""

_PASSWORD_NAME: Final = re.compile(r"pass|pwd|\bpw", re.IGNORECASE)


def github_crc(secret: str, _match: str) -> bool:
    """The last six characters are the CRC-32 of those between prefix and checksum, in base 62."""
    body, checksum = secret.rpartition("_")[2][:-6], secret[-6:]
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits == checksum


def jwt(secret: str, _match: str) -> bool:
    """The first segment is a JSON object that names an algorithm or type."""
    try:
        header = json.loads(base64.urlsafe_b64decode(secret.split(".", 1)[0] + "=="))
    except (binascii.Error, ValueError):
        return False
    return isinstance(header, dict) and bool({"alg", "typ", "enc", "kid"} & set(header))


def luhn(secret: str, _match: str) -> bool:
    """The digits end in their Luhn check digit, and are not all alike."""
    digits = [int(digit) for digit in secret if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 3 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def pem(secret: str, _match: str) -> bool:
    """There is key material between the armour: 40 characters of base64 or more that are not one repeated."""
    body = re.sub(r"-----[A-Z0-9 ]+-----|\\[nr]|[^A-Za-z0-9+/=]", "", secret)
    return len(body) >= 40 and len(set(body)) > 12


def filled_in(secret: str, _match: str) -> bool:
    """Not a row of crosses, dots or stars, as in documentation. Every pattern without another check has this one."""
    return not _FILLED_IN.search(secret)


def not_repeated(secret: str, _match: str) -> bool:
    """Not a row of crosses, dots or the same character, as in documentation."""
    return not _ALIKE.search(secret)


def random_looking(secret: str, _match: str) -> bool:
    """Not a row of the same character, and not mainly words."""
    return not _ALIKE.search(secret) and entropy(secret) >= 2.5 and word_letters(secret) * 2 < len(secret)


def password(secret: str, _match: str) -> bool:
    """Not a stand-in for a password, not code that fetches one, not an ordinary word."""
    letters = sum(map(str.isalpha, secret))
    if len(re.sub(r"[\x80-\xff]", "", secret)) * 2 < len(secret):
        return False
    if _STAND_IN.search(secret) or _ALIKE.search(secret) or len(set(secret)) < 3:
        return False
    return word_letters(secret) * 2 < letters or (len(secret) > 3 and letters * 2 < len(secret))


def assigned(secret: str, match: str) -> bool:
    """What stands after a name that promises a secret is one: long and mixed enough, and not code, a word
    or a stand-in."""
    if not password(secret, match) or _CODE.match(secret) or _ALGORITHM.fullmatch(secret):
        return False
    name = match.partition(secret)[0]
    digits = sum(map(str.isdigit, secret))
    if digits == len(secret):
        return digits >= 12
    if _OTHER_NAME.search(name) or len(secret) < (6 if _PASSWORD_NAME.search(name) else 8):
        return False
    return entropy(secret) >= 2.2 and (digits > 0 or usual_share(secret) < 0.4)


CHECKS: Final[Mapping[str, Check]] = {
    "": filled_in,
    "github_crc": github_crc,
    "assigned": assigned,
    "jwt": jwt,
    "luhn": luhn,
    "not_repeated": not_repeated,
    "password": password,
    "pem": pem,
    "random_looking": random_looking,
}
