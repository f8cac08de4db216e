"""How a word is spelled. Who writes `w''hoami` for the name of a program wants some reader not to see it."""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.shell.nodes import Parameter, Part, Substitution, Text, Word

PLAIN: Final = ""
PIECED: Final = "pieced"
"""Put together out of pieces that need no quotes, expansions or patterns."""
CODED: Final = "coded"
"""With letters that are written as numbers."""

_CODE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3}))")
_NEEDS_QUOTES: Final = re.compile(r"[^\w.+-]", re.ASCII)
_DEFAULTS: Final = frozenset({"", ":-", "-", ":?", "?", ":="})
_BRACES: Final = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")


def spelling(parts: Word) -> str:
    """Return how the word is spelled, by its last component: a folder may come out of a variable."""
    if any(_coded(part) for part in parts):
        return CODED
    base = _base(parts)
    if any(_odd(part) for part in base):
        return PIECED
    if len(base) < 2:
        return PLAIN
    return PIECED if any(_needless(index, part) for index, part in enumerate(base)) else PLAIN


def _coded(part: Part) -> bool:
    if not isinstance(part, Text) or part.how != "ansi":
        return False
    for match in _CODE.finditer(part.text):
        number = int(match[4], 8) if match[4] else int(match[1] or match[2] or match[3], 16)
        if number < 0x7F and (chr(number).isalnum() or chr(number) in "/-."):
            return True
    return False


def _base(parts: Word) -> list[Part]:
    base: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and "/" in part.text:
            tail = part.text.rpartition("/")[2]
            base = [Text(tail, part.how)] if tail else []
        else:
            base.append(part)
    return base


def _odd(part: Part) -> bool:
    match part:
        case Substitution(direction=direction):
            return not direction
        case Parameter(operator=operator):
            return operator not in _DEFAULTS
        case Text(text=text, how="bare"):
            return _BRACES.search(text) is not None
        case _:
            return False


def _needless(index: int, part: Part) -> bool:
    """Tell whether there is no reason to write this piece of several as it is written."""
    if not isinstance(part, Text):
        return True
    if part.how == "bare" or (part.how == "escaped" and index == 0):  # `\ls` is not the alias
        return False
    return _NEEDS_QUOTES.search(part.text) is None
