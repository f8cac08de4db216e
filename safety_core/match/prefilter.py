"""One expression -> a simpler one that Hyperscan looks for, and how far around its hits the whole one may reach."""

from __future__ import annotations

import re
from typing import Final

_REACH: Final = 128
"""Characters beside those that are counted: letters that stand for themselves, assertions."""

OPEN_REACH: Final = 4096
"""Characters for an expression that has no bound: what is longer is not seen whole."""

_COUNT: Final = re.compile(r"(?<!\\)\{([0-9]+)(,?)([0-9]*)\}")
_OPEN: Final = re.compile(r"(?<![\\(])[*+]|\{[0-9]+,\}")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_HEAD: Final = re.compile(r"^(\(\?i\))?\(\?<[!=](?:\[[^\]]*\](?:\{[0-9,]+\})?|\((?!\?)|\))+\)")
_TAIL: Final = re.compile(r"\(\?[!=](?:\[(?:\\.|[^\]\\])*\]|\|\$)+\)$")

_COUNTED: Final = 40
"""Repetitions that the prefilter counts: what stands between the name of a product and its key is not open."""

_COUNTED_TAIL: Final = re.compile(r"\{([1-9][0-9]*)(?:,[0-9]*)?\}(\)*)$")
_OPTIONAL_TAIL: Final = re.compile(r"(?:\[(?:\\.|[^\]\\])*\]|(?<!\\)[^)\]}*+?])(?:\{0,[0-9]*\}|[*?])(\)*)$")

_RUN_TO_END: Final = re.compile(
    r"(?P<run>(?P<inside>\[(?:\\.|[^\]\\])+\])(?:\{[0-9]+,[0-9]*\}|[+*]))(?P<rest>\)*\(\?!(?P<beyond>\[(?:\\.|[^\]\\])+\])\))$"
)
_FENCED: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
_BYTES: Final = tuple(bytes((byte,)) for byte in range(256))


def resolute(expression: str) -> str:
    """Return an expression that finds the same as `expression`, and gives up a run that goes on beyond its end at once:
    `[a-z]{4,90}(?![a-z0-9])` would try all shorter ones first."""
    found = _RUN_TO_END.search(expression)
    if not found or _members(found["inside"], expression) - _members(found["beyond"], expression):
        return expression
    return f"{expression[: found.start()]}{found['run']}+{found['rest']}"


def _members(of_class: str, expression: str) -> set[bytes]:
    either = re.compile(of_class.encode("ascii"), re.IGNORECASE if "(?i" in expression else 0)
    return {byte for byte in _BYTES if either.match(byte)}


def fenced(expression: str, end: str = r"(?:$|(?=\xff))") -> str:
    """Return an expression to which a boundary (a placeholder, the end of a decoded run) is the end of the text.

    No class that says what is not in it takes one, and `$` stands before one, too, written as `end`.
    """

    def fence(found: re.Match[str]) -> str:
        text = found[0]
        if text == "$":
            return end
        if not text.startswith("[^"):
            return text
        rest = text[2:]
        return rf"[^\xff\{rest}" if rest[0] in "]-" else rf"[^\xff{rest}"

    return _FENCED.sub(fence, expression)


def reach(expression: str) -> int:
    """Return how many characters a whole match may take, by the counts that are written in the expression."""
    bounds = [int(last or first) for first, _, last in _COUNT.findall(expression)]
    unbounded = _OPEN.search(_CLASS.sub(".", expression))
    return max(OPEN_REACH if unbounded else 0, sum(bounds) + _REACH)


def shortened(expression: str) -> str:
    """Return `expression` without assertions at its ends, and with as little as can be of a repetition that ends it, so
    that there is one hit per match and not one per character."""
    bare = _OPTIONAL_TAIL.sub(r"\1", _TAIL.sub("", _HEAD.sub(r"\1", expression)))
    return _COUNTED_TAIL.sub(lambda found: f"{{{min(int(found[1]), _COUNTED)}}}{found[2]}", bare)


def prefilter(expression: str) -> str:
    """Return a simpler expression that hits wherever `expression` does, and compiles to a small automaton.

    Long counts become short ones, at the end of the expression exactly, elsewhere open; assertions at both ends go.
    What hits too often is sorted out by the confirmation.
    """

    def shorter(found: re.Match[str]) -> str:
        least = min(int(found[1]), _COUNTED)
        return found[0] if int(found[3] or (_COUNTED + 1 if found[2] else found[1])) <= _COUNTED else f"{{{least},}}"

    return fenced(_COUNT.sub(shorter, shortened(expression)), r"(?:$|\xff)")
