"""Which part of a run of token characters is plainly words, and may leave before the run ends.

A run leaves word by word as long as it is made of words: lower case, upper case or one capital, with marks and few
digits between them. A word is one from its fourth letter on, while three quarters of its trigrams are usual; the most
common ones are words from their third letter on. The beginning of a random token passes with a chance of about 1 in
200; and nothing leaves with which a pattern's value or an encoded registered secret begins. Behind `://`, a colon ends
the words: a password may follow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final

from safety_core.match.beginnings import LONGEST, beginnings, either_case, has_spaces, least
from safety_core.match.openings import CODED
from safety_core.match.wordlike import usual_share
from safety_core.model.policy import Pattern

_LEAST: Final = 4
_MOST: Final = 24
"""Letters of a word. Longer ones are none."""

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]{2,}")
_BETWEEN: Final = re.compile(
    r"(?:(?:[A-Z]?[a-z]{0,11}|[A-Z]{1,8})[0-9]{0,3}(?:://|\\[nrt]|[._/*#<=?&@:;|~!$-]{1,3})){0,4}"
    r"(?:get|set|is|to|my|on|has|can|new|use|add|all|max|min|num|run|log|map)?"
)
"""What may stand between two words of a run, which leaves with the second."""

_MARKS: Final = re.compile(r"(?:\\[nrt]|[|=#*~.:>&@,;]|-+(?=[^B-]))+")
"""What no secret begins with, and leaves after a word or at the beginning of a run."""

_ARMOUR: Final = "-----"
_URL: Final = "://"
_ASSIGNS: Final = re.compile(r"[=:]")
_PASSWORD: Final = re.compile(r":(?!//)")

_START: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9$]")
_BY_CHANCE: Final = frozenset({"base32_crc16", "base58_check", "keyed", "mixed", "random_looking"})
"""Checks of values that look like chance: such a value is no word, whatever stands before it."""

_BY_LENGTH: Final = 16
"""Characters of a value from which on it looks like chance, too."""

_NAME: Final = re.compile(r"[a-z_-]{3,}")
_SHORTEST_NAME: Final = 3
_DIGIT: Final = re.compile(r"[0-9]")
_KNOWN: Final = 4096
"""Runs that are remembered; none with a digit, so hardly a secret."""


class _Heads:
    __slots__ = ("_parts", "_whole")

    def __init__(self, heads: Collection[str]) -> None:
        self._whole = frozenset(heads)
        self._parts = frozenset(head[:size] for head in heads for size in range(1, len(head)))

    def open(self, text: str) -> bool:
        if text[:3] not in self._parts and text[:3] not in self._whole:
            return False
        return text in self._parts or any(text[:size] in self._whole for size in range(1, min(len(text), LONGEST) + 1))


def _tells(head: str) -> bool:
    """Tell whether a beginning is more than chance: not one or two characters, not the beginning of every URL."""
    return len(head) > 2 and not head.endswith("://")


def _fewest(heads: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return names of which each of these beginnings holds one: short ones first, and none that holds another."""
    names: list[str] = []
    for head in sorted(heads, key=lambda head: (len(head), *map(len, head))):
        if head and not any(name in part for part in head for name in names):
            names.append(max(head, key=len))
    return tuple(names)


class Leads:
    """What patterns begin with: values themselves, and the names before them. Not to be changed."""

    __slots__ = ("_either", "_exact", "_names", "_seen", "_spaced")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        exact: set[str] = set()
        either: set[str] = set()
        names: set[tuple[str, ...]] = set()
        spaced: set[str] = set()
        for pattern in patterns:
            heads = {head for head in beginnings(pattern.expression, pattern.group) if _tells(head)}
            (either if either_case(pattern.expression) else exact).update(heads)
            by_chance = pattern.check in _BY_CHANCE or least(pattern.expression, pattern.group) >= _BY_LENGTH
            if pattern.group and not heads and not by_chance:
                begun = {head.lower() for head in beginnings(pattern.expression) if not head.endswith(_URL)}
                names.update(tuple(_NAME.findall(head)) for head in begun)
                spaced |= begun if has_spaces(pattern.expression, pattern.group) else set()
        self._exact, self._either = _Heads(exact), _Heads(either)
        self._names = _fewest(names)
        self._spaced = frozenset(head for head in spaced if not any(other in head for other in spaced - {head}))
        self._seen: dict[str, bool] = {}

    def open(self, text: str) -> bool:
        """Tell whether a pattern's value could begin with all of `text`, or begins with a part of it."""
        return self._exact.open(text) or self._either.open(text.lower())

    def opens_line(self, text: str) -> bool:
        """Tell whether something in `text` names a secret that has spaces in it."""
        low = text.lower()
        return any(head in low for head in self._spaced)

    def named(self, run: str) -> bool:
        """Tell whether something in `run` names a secret."""
        if len(run) < _SHORTEST_NAME:
            return False
        known = self._seen.get(run)
        if known is None:
            low = run.lower()
            known = any(name in low for name in self._names)
            if len(run) <= LONGEST and not _DIGIT.search(run):
                if len(self._seen) >= _KNOWN:
                    self._seen.clear()
                self._seen[run] = known
        return known


_SHORT: Final = """
    all and any are bool but can def del dict else end etc few for from get got had has her his how int its let list log
    map max may min new non nor not now off old one our out own per row run see self set she str sum the then this too
    top try two use using var was way who why will with you your
"""
_COMMON: Final = frozenset(_SHORT.split())
"""Words that are as common as they are short. One in 2,000 random tokens begins with one of them."""


@lru_cache(_KNOWN)
def word_length(word: str) -> int:
    """Return how many letters of `word` make the longest beginning that is a word, 0 for none."""
    low, unusual, length = word.lower(), 0, 0
    for end in range(3, min(len(word), _MOST) + 1):
        unusual += not _usual(low[end - 3 : end])
        if word[:end] in _COMMON or (end >= _LEAST and unusual * 4 <= end - 2):
            length = end
    return length


@lru_cache(26**3)
def _usual(trigram: str) -> bool:
    return usual_share(trigram) > 0


class Words:
    """The words of one run, as far as they are plainly words."""

    __slots__ = ("_coded", "_from", "_leads", "_start", "end")

    def __init__(self, leads: Leads, coded: Collection[Collection[str]]) -> None:
        self._leads = leads
        self._coded = coded
        self.start(0)

    def start(self, place: int) -> None:
        """Begin with the run at this place."""
        self._start = self._from = self.end = place
        """Up to here the run is made of words."""

    def moved(self, by: int) -> None:
        """Take note that the text has lost so many characters at its front."""
        self._start -= by
        self._from -= by
        self.end -= by

    def read(self, text: str, limit: int) -> None:
        """Go on through `text`, up to `limit`."""
        if self._from == self.end:
            self._begin(text, self.end, limit)
        for start, end in self._words(text, limit):
            length = word_length(text[start:end])
            whole = start + length == end < limit
            if length and start + length >= self.end and not self.could_be_secret(text, start + length + whole):
                self.end = start + length
                if whole:
                    self._begin(text, end, limit)

    def _begin(self, text: str, place: int, limit: int) -> None:
        """Go on behind a word, and behind the marks that follow."""
        marks = _MARKS.match(text, place, limit)
        self._from = self.end = marks.end() if marks else place

    def _words(self, text: str, limit: int) -> Iterator[tuple[int, int]]:
        for found in _WORD.finditer(text, self._from, limit):
            start = found.start()
            if not _BETWEEN.fullmatch(text, self._from, start) or text.find(_ARMOUR, self._from, start) >= 0:
                return
            if self._is_value(text, start):
                return
            yield found.span()

    def _is_value(self, text: str, start: int) -> bool:
        """Tell whether what stands before `start` in the run makes what follows a password."""
        url = text.find(_URL, self._start, start)
        if url >= 0 and _PASSWORD.search(text, url + 1, start):
            return True
        return bool(_ASSIGNS.search(text, self._start, start)) and self._leads.named(text[self._start : start])

    def could_be_secret(self, text: str, end: int) -> bool:
        """Tell whether anything that has not left yet begins like a pattern's value or an encoded secret."""
        for found in _START.finditer(text, self._from, end):
            start = found.start()
            if self._leads.open(text[start:end]):
                return True
            if any(text[start : start + CODED] in known for known in self._coded):
                return True
        return False
