"""Is what stands after a name that promises a secret one: not a stand-in, not code, not a word.

The name decides how much is asked of the value (`safety_core.match.promise`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from safety_core.match.promise import SECRET, SHORTEST, promised
from safety_core.match.wordlike import entropy, repeated, usual_share, word_letters

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
_NUMBER: Final = re.compile(
    r"[\d.,:/+=-]+[A-Za-z%]{0,3}|[~^<>=v]{1,3} ?\d{1,4}(?:\.[\dx*]{1,4})*(?:[-+][\w.]{1,16})?"
    r"|0x[0-9a-fA-F]{1,8}[uUlL]*|\d{4}-\d\d-\d\d[T_ ][\d:.]+\w*"
)
_LONG: Final = 32
"""Length from which a row of one character, or a shape that a short name has too, explains nothing."""

_COUNT: Final = re.compile(r"(?:tokens|keys|secrets)\W*$", re.IGNORECASE)
_INSIDE: Final = re.compile(r"[A-Za-z]\d+[A-Za-z]")
_USUAL_WORDS: Final = 0.45
"""Share of usual trigrams from which letters are taken for words."""


def likely(value: str, *, quoted: bool, short: bool = False) -> bool:
    """Tell whether a value is neither a stand-in nor code nor made of words.

    Args:
        quoted: it stands in quotes, so it is no expression.
        short: it is a password, in which digits may break up words.
    """
    size = len(value)
    if len(set(value)) < 4 or sum(map("\x7f".__lt__, value)) * 2 > size or _PATH.match(value):
        return False
    if _TEMPLATE.search(value) or _STAND_IN.search(value) or (size < _LONG and repeated(value)):
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
    return value.isidentifier() and ("_" in value or value.isalpha()) and SECRET.search(value) is not None


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
