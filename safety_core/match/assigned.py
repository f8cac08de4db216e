"""Is what stands after a name that promises a secret one: not a stand-in, not code, not a word."""

from __future__ import annotations

import re
from typing import Final

from safety_core.match.wordlike import entropy, repeated, usual_share, word_letters

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
_OTHER_NAME: Final = re.compile(
    r"(?:[a-z]I[dD]|[_. -]id|type|name|path|file|url|uri|length|size|limit|count|policy|hint|label|title|expires\w*)"
    r"s?\W*$",
    re.IGNORECASE,
)
"""Names that merely begin like a secret's: `token_type`, `SecretId`, `passwordHint`."""

_PASSWORD_NAME: Final = re.compile(r"pass|pwd|\bpw", re.IGNORECASE)


def password(secret: str, _match: str) -> bool:
    """Not a stand-in for a password, not code that fetches one, not an ordinary word."""
    letters = sum(map(str.isalpha, secret))
    if len(re.sub(r"[\x80-\xff]", "", secret)) * 2 < len(secret):
        return False
    if _STAND_IN.search(secret) or repeated(secret) or len(set(secret)) < 3:
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
