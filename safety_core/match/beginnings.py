"""What a match of a regular expression can begin with.

    gh[op]_[A-Za-z0-9]{36}    ->  gho_ ghp_
    (?i)(?:Pass|pwd)\\w*=(.+)  ->  pass pwd

Literals, small classes, groups, alternatives and counts are followed up to `LONGEST` characters; where anything may
stand, a beginning ends. An expression that can begin with anything has none. Those of one that takes either case are in
lower case.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final, TypeAlias

LONGEST: Final = 16
_MOST: Final = 64
"""Beginnings of one part; what has more goes on with anything."""

_CLASS_SIZE: Final = 8
_ZERO_WIDTH: Final = re.compile(r"\(\?(?:<?[=!]|[a-zA-Z]+\))|\\[bBAZ]|[\^$]")
_COUNT: Final = re.compile(r"(?:([?*+])|\{([0-9]+)(,?)([0-9]*)\})[?+]?")
_CLASS: Final = re.compile(r"\[(\^?)(\]?(?:\\.|[^\]\\])*)\]")
_COUNTED: Final = re.compile(r"(?:\[\^?\]?(?:\\.|[^\]\\])*\]|\\.)\{([0-9]+)")
_WORDS: Final = re.compile(r"(?:\\s|[ ])(?:\{[0-9,]+\}|[+*])?[^()]*\)\{[0-9]{2}")
_BRACKET: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)", re.DOTALL)
"""A bracket that opens a group, and what could be taken for one."""

_RANGE: Final = re.compile(r"(\\.|[^\\])-(\\.|[^\\])|(\\.|[^\\])", re.DOTALL)

_Heads: TypeAlias = "frozenset[tuple[str, bool]]"
"""Beginnings, and whether each may be followed by the next part."""

_NOTHING: Final[_Heads] = frozenset({("", True)})
_SPACE: Final[_Heads] = frozenset({(" ", True)})
_ANYTHING: Final[_Heads] = frozenset({("", False)})


def beginnings(expression: str, group: int = 0) -> frozenset[str]:
    """Return what a match, or what a group of it, can begin with, white space as one space; empty for anything."""
    found = (text for text, _ in _Reader(expression[_opening(expression, group) :]).alternatives() if text)
    return frozenset(text.lower() for text in found) if either_case(expression) else frozenset(found)


def least(expression: str, group: int) -> int:
    """Return how many characters a group has at least, where it is one class that is counted; else 0."""
    found = _COUNTED.match(expression, _opening(expression, group) + 1)
    return int(found[1]) if found else 0


def has_spaces(expression: str, group: int) -> bool:
    """Tell whether a group takes more than one word: something in it that ends in white space is counted."""
    return bool(_WORDS.search(expression, _opening(expression, group)))


def either_case(expression: str) -> bool:
    """Tell whether an expression takes upper case for lower."""
    return expression.startswith("(?i)")


def _opening(expression: str, group: int) -> int:
    """Return where the bracket stands that opens a group."""
    places = (found.start() for found in _BRACKET.finditer(expression) if found[0] == "(")
    return next(islice(places, group - 1, None), 0) if group else 0


class _Reader:
    def __init__(self, expression: str) -> None:
        self._text = expression
        self._at = 0

    def alternatives(self) -> _Heads:
        """Read up to the closing bracket of a group, or to the end."""
        heads = self._sequence()
        while self._text.startswith("|", self._at):
            self._at += 1
            heads |= self._sequence()
        return heads

    def _sequence(self) -> _Heads:
        heads = _NOTHING
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            atom = self._atom()
            heads = _joined(heads, self._counted(atom))
        return heads

    def _atom(self) -> _Heads:
        if found := _ZERO_WIDTH.match(self._text, self._at):
            self._at = found.end()
            if found[0] in {"(?=", "(?!", "(?<=", "(?<!"}:
                self.alternatives()
                self._at += 1
            return _NOTHING
        if found := _CLASS.match(self._text, self._at):
            self._at = found.end()
            return _class(found[1], found[2])
        mark = self._text[self._at]
        self._at += 1
        if mark == "(":
            return self._group()
        if mark == "\\":
            self._at += 1
            return _escape(self._text[self._at - 1])
        return _ANYTHING if mark == "." else frozenset({(mark, True)})

    def _group(self) -> _Heads:
        self._at += 2 if self._text.startswith("?:", self._at) else 0
        heads = self.alternatives()
        self._at += 1
        return heads

    def _counted(self, atom: _Heads) -> _Heads:
        found = _COUNT.match(self._text, self._at)
        if not found:
            return atom
        self._at = found.end()
        if atom == _SPACE:
            return atom if found[1] == "+" or int(found[2] or 0) else atom | _NOTHING
        least = int(found[2]) if found[2] else int(found[1] == "+")
        most = int(found[4]) if found[4] else 1 if found[1] == "?" else least if found[2] and not found[3] else None
        heads = _NOTHING
        for _ in range(min(least, LONGEST)):
            heads = _joined(heads, atom)
        if most == least:
            return heads
        more = _joined(heads, atom)
        return heads | (more if most == least + 1 else _joined(more, _ANYTHING))


def _joined(left: _Heads, right: _Heads) -> _Heads:
    joined = {(text, False) for text, goes_on in left if not goes_on}
    for text, goes_on in left - joined:
        joined |= {((text + more)[:LONGEST], still and len(text + more) < LONGEST) for more, still in right if goes_on}
    return frozenset(joined) if len(joined) <= _MOST else frozenset((text, False) for text, _ in left)


def _class(negated: str, inside: str) -> _Heads:
    marks: set[str] = set()
    for found in _RANGE.finditer(inside):
        first, last = (found[1], found[2]) if found[1] else (found[3], found[3])
        if negated or first in {r"\w", r"\W", r"\S", r"\D", r"\d"} or ord(last[-1]) - ord(first[-1]) > _CLASS_SIZE:
            return _ANYTHING
        plain = " " if first in {r"\s", r"\n", r"\r", r"\t"} else ""
        marks |= {plain or chr(code) for code in range(ord(first[-1]), ord(last[-1]) + 1)}
    return frozenset((mark, True) for mark in marks) if len(marks) <= _CLASS_SIZE else _ANYTHING


def _escape(mark: str) -> _Heads:
    if mark in "snrt":
        return _SPACE
    return _ANYTHING if mark.isalnum() else frozenset({(mark, True)})
