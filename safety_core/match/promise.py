"""Does a name promise a secret, and how long a one?

A password may be short, a token or key is long, and a name that merely begins or ends like a secret's (`token_type`,
`primary_key`, `bypass`) promises nothing.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.match.wordlike import word_letters

CONTEXT: Final = 24
"""Characters before a match that its check is given with it: the beginning of a name that it ends."""

SHORTEST: Final = 5
"""Characters of a password in a program's text; shorter ones are words of the program."""

SECRET: Final = re.compile(
    r"pass|pwd|pa?s{1,2}wo?r?d|(?<![A-Za-z])pw|secret|token|api[-_. ]?key|key|credential"
    r"|contrasena|senha|kennwort|wachtwoord|\xc7apo\xc3\xd4|\xfe\xf2|\xfe\xaf|\xa9\xa8\xa9\xb4|\xb1\x9b\xd1\xde\xaa",
    re.IGNORECASE,
)
"""The word password in other languages stands as flat bytes, see `safety_core._native.fold`."""

_BEFORE: Final = re.compile(r"[\w+/-]*$")
_BEHIND: Final = re.compile(r"[\w+/-]*")
_BY_CHANCE: Final = 20
"""Characters of a token that is no name, but chance, in which three letters spell a word of ours sooner or later."""

_ID: Final = re.compile(r"[\"'](?:\w{1,32}_)?ids?\\{0,3}[\"']\s{0,3}:\s{0,3}\\{0,3}[\"']$", re.IGNORECASE)
_HEAD: Final = re.compile(r"[\w.$:-]*$")
_TAIL: Final = re.compile(r"[\w.-]*")
_KEY_ID: Final = re.compile(r"(?:access|hmac)[_. -]?(?:key)?[_. -]?id|key[_. -]?id", re.IGNORECASE)
_LAST_WORD: Final = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)(?=\d*[_. -]*$)")
_OTHER_TAIL: Final = re.compile(
    r"id|ids|type|types|name|names|path|file|files|url|uri|href|link|length|len|size|limit|count|policy|hint|"
    r"label|title|text|desc|description|expires|expiry|expiration|expire|version|algorithm|alg|format|style|class|"
    r"field|fields|column|prefix|suffix|regex|pattern|re|point|map|index|event|error|errors|message|msg|body|host|"
    r"server|domain|scope|state|mode|method|kind|enabled|at|time|date|age|ttl|hash|digest|usage|func|function|"
    r"handler|callback|manager|service|provider|generator|validator|parser|reader|writer|view|page|form|input|"
    r"output|test|tests|reset|change|changed|required|value|is|in|of|for|to|by|or|and|not|count|number|num|code|"
    r"codes|ring|board|frame",
    re.IGNORECASE,
)
"""Last words of names that merely begin like a secret's: `token_type`, `passwordHint`, `keyFrame`. (A pass code is one
all the same.)"""

_OTHER_HEADS: Final = {
    "pass": re.compile(r"com|by|sur|encom|tres|over|under|im", re.IGNORECASE),
    "token": re.compile(
        r"client|lock|request|idempotency|next|page|previous|prev|continuation|pagination|starting|sync|cancellation"
        r"|eos|bos|pad|unk|sep|cls|mask|max|min|num|total|count",
        re.IGNORECASE,
    ),
    "key": re.compile(
        r"public|pub|primary|foreign|sort|cache|partition|group|routing|hash|lookup|idempotency|dedup|object|map|dict|index"
        r"|unique|natural|composite|range|row|column|field|translation|locale|registry|property|attr|attribute|config"
        r"|option|item|data|arrow|short|shortcut|hot|tur|mon|don|joc|hoc|whis|resource|encrypted|kms|resx|res|json|event"
        r"|host|ssh|known|each|per|last|first|total|count|max|min|num",
        re.IGNORECASE,
    ),
}
"""Words before `pass`, `token` or `key` that make it another thing: `bypass`, `nextToken`, `primary_key`."""

_RUN_TOGETHER: Final = re.compile(
    r"(?:type|name|path|file|length|hash|hint|policy|expires|izer?s?|ization|ise[rd]?|ized|izing)$"
)
_CODES: Final = frozenset({"code", "_code", "-code"})
_LONGER: Final = frozenset({"secret", "token", "key", "credential", *(f"api{mark}key" for mark in ("", *"-_. "))})
_PASS: Final = re.compile(r"$|[^a-z]|w|phrase|code|key|e(?![a-z])")


def promised(text: str) -> int:
    """Return the least length of a value that the last name in `text` promises; 0 where it promises none."""
    words = list(SECRET.finditer(text))
    if not words:
        return 0
    start, end = words[-1].span()
    word = text[start:end].lower()
    head, tail = (
        found[0] if found else ""
        for found in (_HEAD.search(text, max(0, start - CONTEXT), start), _TAIL.match(text, end))
    )
    if _KEY_ID.fullmatch(head + word + tail):
        return 20
    last, before = _LAST_WORD.search(tail), _LAST_WORD.search(head)
    if last and tail.lower() not in _CODES and (_OTHER_TAIL.fullmatch(last[0]) or _RUN_TOGETHER.search(tail.lower())):
        return 0
    if _is_chance(text, start, end) or _ID.search(text, end + len(tail)):
        return 0
    if "::" in head or (before and word in _OTHER_HEADS and _OTHER_HEADS[word].fullmatch(before[0])):
        return 0
    if word == "pass" and not _PASS.match(tail):
        return 0
    if word == "key" and not before:
        return 16
    return 8 if word in _LONGER else SHORTEST


def _is_chance(text: str, start: int, end: int) -> bool:
    """Tell whether [start, end) lies in a long token of both cases and digits that is not made of words."""
    first, last = _BEFORE.search(text, max(0, start - CONTEXT), start), _BEHIND.match(text, end)
    token = text[first.start() if first else start : last.end() if last else end]
    upper, lower, digits = (sum(map(kind, token)) for kind in (str.isupper, str.islower, str.isdigit))
    return len(token) >= _BY_CHANCE and min(upper, lower, digits) > 1 and word_letters(token) * 2 < len(token)
