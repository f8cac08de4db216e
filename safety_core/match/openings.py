"""Where a text that has not ended yet could be in the middle of a registered value.

Values are compared as the registry compares them: letters and digits alone, in lower case, look-alikes folded. So a
value that holds spaces, or is written with others, is followed as well. A value is also followed in the form that it
has in a JSON string. What is asked is one look into a set, and a bisection where that says yes, for any number of
values. An index with one more value shares the large part of the one before.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from safety_core.match.layer import flatten, squeeze

HEAD: Final = 3
"""Squeezed bytes that are looked up before anything is compared."""

CODED: Final = 4
"""Characters of an encoded value that are looked up."""

_GAP: Final = 3
"""Characters from one letter of a spaced out value to the next."""

_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*")
"""What JSON writes as it is."""

LEAST: Final = 4
"""Shorter values are not looked for at all: every text would be full of them. `check_value` asks for more."""

_LOOSE: Final = 32
"""Changes, beside a 64th of all values, after which the index is built anew."""


class Openings:
    """What registered values begin with. Not to be changed.

    Attributes:
        heads: all beginnings of 1 to `HEAD` squeezed bytes.
        coded: the first `CODED` characters of values in base64, base64url, base32 and hexadecimal.
        needles: the squeezed values, sorted.
        before: characters, which squeezing drops, that values begin with; `before_most`: how many.
        after: the same for their ends; `after_most`.
        marks: values that are nothing but such characters.
        gap: how far apart the first `HEAD` letters or digits of a value may stand.
        longest: characters of the longest value, as it is.
    """

    __slots__ = (
        *("after", "after_most", "before", "before_most", "coded", "gap"),
        *("heads", "longest", "marks", "needles", "values"),
    )

    def __init__(self, values: Iterable[str]) -> None:
        self.values = frozenset(value for value in values if len(value) >= LEAST)
        forms = {form for value in self.values for form in _forms(value)}
        flats = {form: flatten(form) for form in forms}
        self.needles = sorted({squeezed for flat in flats.values() if (squeezed := squeeze(flat))})
        self.heads = frozenset(needle[:size] for needle in self.needles for size in range(1, HEAD + 1))
        self.coded = frozenset(code for value in self.values for code in _coded(value))
        edges = [_edge(form, flat) for form, flat in flats.items()]
        self.before, self.before_most = frozenset("".join(edges)), max(map(len, edges), default=0)
        edges = [_edge(form[::-1], flat[::-1]) for form, flat in flats.items()]
        self.after, self.after_most = frozenset("".join(edges)), max(map(len, edges), default=0)
        self.marks = frozenset(form for form, flat in flats.items() if not squeeze(flat))
        self.gap = max((_gap(flat) for flat in flats.values()), default=0)
        self.longest = max(map(len, forms), default=0)

    def goes_on(self, tail: bytes) -> bool:
        """Tell whether a value begins with the squeezed bytes `tail` and has more."""
        place = bisect_right(self.needles, tail)
        return place < len(self.needles) and self.needles[place].startswith(tail)

    def whole(self, tail: bytes) -> int:
        """Return the length of the longest value that `tail` begins with, 0 for none."""
        place = bisect_right(self.needles, tail)
        while place:
            needle = self.needles[place - 1]
            if tail.startswith(needle):
                return len(needle)
            tail = tail[: _alike(needle, tail)]
            place = bisect_right(self.needles, tail, 0, place - 1)
        return 0


class Known:
    """The index of a registry that grows: `Openings` of most values, and of those that have come since.

    A value that goes stays in it: a text that looks like its beginning is held a little longer than it must be.
    """

    __slots__ = ("parts",)

    def __init__(self, values: Iterable[str]) -> None:
        self.parts: tuple[Openings, ...] = (Openings(values),)

    def grown(self, value: str) -> Known:
        """Return the index with one more value."""
        base, *loose = self.parts
        fresh = {value}.union(*(part.values for part in loose))
        if len(fresh) > _LOOSE + len(base.values) // 64:
            return Known(base.values | fresh)
        known = Known.__new__(Known)
        known.parts = (base, Openings(fresh))
        return known


def _forms(value: str) -> set[str]:
    """Return a value as it is and as it stands in a JSON string."""
    if _PLAIN.fullmatch(value):
        return {value}
    return {value, *(json.dumps(value, ensure_ascii=only)[1:-1] for only in (True, False))}


def _coded(value: str) -> Iterable[str]:
    raw = value[:CODED].encode("utf-8", "surrogatepass")
    return {coded[:CODED].decode() for coded in (base64.b64encode(raw), base64.b32encode(raw), raw.hex().encode())}


def _gap(flat: bytes) -> int:
    if flat[:HEAD].isalnum():
        return _GAP
    places = [place for place in range(len(flat)) if squeeze(flat[place : place + 1])][:HEAD]
    return max(_GAP, *(right - left for left, right in pairwise(places)), 0)


def _edge(text: str, flat: bytes) -> str:
    """Return the characters before the first one that squeezing keeps."""
    if flat[:1].isalnum():
        return ""
    kept = squeeze(flat)[:1]
    return text[: flat.lower().index(kept)] if kept else text


def _alike(left: bytes, right: bytes) -> int:
    """Return how many bytes two strings begin with alike."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
