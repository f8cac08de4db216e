"""Which part of a run of token characters is plainly words, and may leave before the run ends.

A run leaves word by word as long as it is made of words: lower case, upper case or one capital, with marks and few
digits between them. A word is one from its fourth letter on, while three quarters of its trigrams are usual; the most
common ones are words from their third letter on. The beginning of a random token passes with a chance of about 1 in
200; and nothing leaves with which a pattern's value or an encoded registered secret begins. Behind `://`, a colon ends
the words: a password may follow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

from safety_core.match.openings import CODED
from safety_core.match.wordlike import usual_share
from safety_core.redact.leads import URL, Leads

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
_ASSIGNS: Final = re.compile(r"[=:]")
_PASSWORD: Final = re.compile(r":(?!//)")

_START: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9$]")
_KNOWN: Final = 4096
"""Words that are remembered."""


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
        url = text.find(URL, self._start, start)
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
