"""Is what stands after a name that promises a secret one: not a stand-in, not code, not a word.

The name decides how much is asked of the value: a password may be short, a token or key is long, and a name that
merely begins or ends like a secret's (`token_type`, `primary_key`, `bypass`) promises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from safety_core.match.wordlike import entropy, repeated, usual_share, word_letters

CONTEXT: Final = 24
"""Characters before a match that its check is given with it: the beginning of a name that it ends."""

_TEMPLATE: Final = re.compile(
    r"\*{3}|\.{3}|x{4}|#{4}|^[-?=+]?[$#%]?[{(]{1,2}[$\w .:-]+|[$#]\{[\w.:?@-]+\}|\{\{[^{}]*\}\}|<[\w /-]{2,}>"
    r"|%[{(]|%[sdvqrif](?!\w)|\$\("
    r"|(?<!\{)\{[\w.!:]*\}|^[$%@&][A-Za-z_{]\w*\W*$|^\$[A-Z][A-Z0-9_]{2,}(?![\w$])|^%\w+%$|^\W+$|\\[wdsSb]|\(\?|&#?\w+;",
    re.IGNORECASE,
)
"""What fills in a value later: `${X}`, `{{ x }}`, `<x>`, `%s`; or hides one: `***`."""

_STAND_IN: Final = re.compile(
    r"example|changeme|change[-_]me|placeholder|dummy|sample|redacted|secret_ref|\byour|^my[-_]|insert[-_]|replace[-_]"
    r"|^(?:none|null|nil|true|false|undefined|todo|string|self|this)\b"
    r"|^(?:pass(?:wd|word)?|pwd|pw|user|admin|root|secret|token|key)\d{0,4}$",
    re.IGNORECASE,
)
_IN_URL: Final = re.compile(
    r"your|changeme|change-me|placeholder|redacted|secret_ref|^x+$|^\d{1,5}$|^\W*$|[#\\]|^secret$"
    r"|^(?:[a-z]*[-_]?)?(?:password|passwd|passphrase|pwd|pw)(?:[_-]?\d{1,4})?$",
    re.IGNORECASE,
)
_NO_HOST: Final = re.compile(
    r":pass@localhost|@(?:host|hostname|server|domain|ip|addr|address)\d?(?![\w.-])", re.IGNORECASE
)
_PATH: Final = re.compile(r"[/.~]{0,2}/|[A-Za-z]:\\|[a-z][a-z0-9+.-]*://|arn:|urn:|@\w+/|[a-z]+:$", re.IGNORECASE)
_CODE: Final = re.compile(
    r"[\w$.:>?&*-]{2,}[(\[<]|[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+[;,)]*$", re.IGNORECASE
)
_ALGORITHM: Final = re.compile(
    r"(?:[A-Z]{2,8}|[a-z]{2,8}|[0-9]{1,4})(?:[-_/.](?:[A-Za-z]{1,8}[0-9]{0,4}|[0-9]{1,4}))*|[a-zA-Z]{2,6}[0-9]{1,3}"
    r"|[A-Z][A-Za-z]{1,7}(?:[-_/.](?:[A-Z][A-Za-z]{1,8}[0-9]{0,4}|[0-9]{1,4}))+"
)
_NUMBER: Final = re.compile(r"[\d.,:/+=-]+[A-Za-z%]{0,3}|0x[0-9a-fA-F]{1,8}[uUlL]*|\d{4}-\d\d-\d\d[T_ ][\d:.]+\w*")
_LONG: Final = 32
"""Length from which a row of one character, or a shape that a short name has too, explains nothing."""

_WORD: Final = re.compile(
    r"pass|pwd|pa?s{1,2}wo?r?d|(?<![A-Za-z])pw|secret|token|api[-_. ]?key|key|credential"
    r"|contrasena|senha|kennwort|wachtwoord|\xc7apo\xc3\xd4|\xfe\xf2|\xfe\xaf|\xa9\xa8\xa9\xb4|\xb1\x9b\xd1\xde\xaa",
    re.IGNORECASE,
)
"""The word password in other languages stands as flat bytes, see `safety_core._native.fold`."""

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
_COUNT: Final = re.compile(r"(?:tokens|keys|secrets)\W*$", re.IGNORECASE)
_INSIDE: Final = re.compile(r"[A-Za-z]\d+[A-Za-z]")
SHORTEST: Final = 5
"""Characters of a password in a program's text; shorter ones are words of the program."""

_USUAL_WORDS: Final = 0.45
"""Share of usual trigrams from which letters are taken for words."""


def promised(text: str) -> int:
    """Return the least length of a value that the last name in `text` promises; 0 where it promises none."""
    words = list(_WORD.finditer(text))
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
    if "::" in head or (before and word in _OTHER_HEADS and _OTHER_HEADS[word].fullmatch(before[0])):
        return 0
    if word == "pass" and not _PASS.match(tail):
        return 0
    if word == "key" and not before:
        return 16
    return 8 if word in _LONGER else SHORTEST


def likely(value: str, *, quoted: bool, short: bool = False) -> bool:
    """Tell whether a value is neither a stand-in nor code nor made of words.

    Args:
        quoted: it stands in quotes, so it is no expression.
        short: it is a password, in which digits may break up words.
    """
    size = len(value)
    if _TEMPLATE.search(value) or _STAND_IN.search(value) or (size < _LONG and repeated(value)) or len(set(value)) < 4:
        return False
    if sum(map("\x7f".__lt__, value)) * 2 > size or _PATH.match(value):
        return False
    if not set("()[]{}<>").isdisjoint(value):
        code = not quoted and (value[0] in "([{<" or _CODE.match(value))
        return size >= 8 and not code and not _closed(value) and not set("!#$%&*+?@^|~").isdisjoint(value)
    if not quoted and _is_variable(value):
        return False
    if (not quoted and _CODE.match(value)) or _NUMBER.fullmatch(value):
        return value.isdigit() and size >= 12
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    marks = size - letters - digits - sum(map(value.count, "-_./:,="))
    if digits and letters and marks:
        return entropy(value) >= 1.9
    if size < _LONG and _ALGORITHM.fullmatch(value) and ((digits and size < 12) or usual_share(value) >= 0.2):
        return False
    if word_letters(value) * 2 >= letters and letters * 2 >= size and not (short and _INSIDE.search(value)):
        return False
    return entropy(value) >= 2.2 and (digits > 0 or usual_share(value) < _USUAL_WORDS)


def _is_variable(value: str) -> bool:
    """Tell whether a bare value is the name of one that is named as a secret itself."""
    return value.isidentifier() and ("_" in value or value.isalpha()) and _WORD.search(value) is not None


def assigned(secret: str, match: str) -> bool:
    """What stands after a name that promises a secret is one: long and mixed enough, and not code, a word
    or a stand-in."""
    if len(secret) < SHORTEST:
        return False
    before, _, after = match.rpartition(secret)
    quote = before[-1:] if before[-1:] in {'"', "'", "`"} else ""
    if quote and after.strip("\\") not in {"", quote}:
        return False
    bare = secret if quote else secret.rstrip(")]}>,;")
    if bare.isdigit() and _COUNT.search(before):
        return False
    least = promised(before)
    return 0 < least <= len(bare) and likely(bare, quoted=bool(quote), short=least == SHORTEST)


def beside(secret: str, match: str) -> bool:
    """A value that merely stands beside a name, as in a sentence: letters, digits and marks, or both cases in turn."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda mark: not mark.isalnum())
    return sum(any(map(kind, secret)) for kind in kinds) > 2 and "-" not in secret and assigned(secret, match)


def header(secret: str, match: str) -> bool:
    """A value after the name of a header that carries credentials."""
    return "::" not in match and not secret.isalpha() and likely(secret, quoted=False)


def compared(secret: str, match: str) -> bool:
    """A value that is compared with something named as a secret, whose name comes after it."""
    return 0 < promised(match.rpartition("=")[2]) <= len(secret) and likely(secret, quoted=True)


def password(secret: str, _match: str) -> bool:
    """Not a stand-in for a password, not code that fetches one, not an ordinary word."""
    return likely(secret, quoted=False) or (len(secret) > 3 and not secret.isalnum() and likely(secret, quoted=True))


def url_password(secret: str, match: str) -> bool:
    """Where a password must stand: everything but a variable and the word itself. Weak passwords are in use."""
    return not (_TEMPLATE.search(secret) or _IN_URL.search(secret) or _NO_HOST.search(match))


def _closed(text: str) -> bool:
    """Tell whether brackets in `text` close in order, as those of code do."""
    waiting: list[str] = []
    for mark in text:
        if mark in "([{<":
            waiting.append(")]}>"["([{<".index(mark)])
        elif mark in ")]}>" and (not waiting or waiting.pop() != mark):
            return False
    return not waiting


IN_CONTEXT: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "assigned": assigned,
    "beside": beside,
    "compared": compared,
    "header": header,
    "password": password,
    "url_password": url_password,
}
