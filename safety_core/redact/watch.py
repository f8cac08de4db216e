"""Follows registered values through a text that comes in pieces.

    watch.feed("the key is AK")     watch.settled == 11: "AK" could become one
    watch.feed("1b")                watch.settled == 15: it has not

Up to `settled` it is known for good where registered values stand: `spans`. The time it takes grows with the text, not
with what is open, and not with the number of values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import compress, pairwise
from typing import Final

from safety_core._native.twin import MASK
from safety_core.errors import UnscannableError
from safety_core.match.layer import flatten, squeeze
from safety_core.match.openings import HEAD, Openings

_MOST: Final = 65536
_TIMES: Final = 4
"""Characters, and times the longest secret, that secrets which overlap each other may come to."""


class Watch:
    """Positions are characters of the whole text.

    Attributes:
        settled: where the first value begins that could still be going on.
        spans: registered values up to there, [start, end), joined where they overlap; `forget` drops them.
    """

    __slots__ = ("_base", "_open", "_parts", "_places", "settled", "spans")

    def __init__(self, parts: Sequence[Openings]) -> None:
        self._parts = parts
        self._open = b""
        self._places: list[int] = []
        self._base = 0
        self.settled = 0
        self.spans: list[tuple[int, int]] = []

    def feed(self, text: str) -> None:
        """Take the next piece."""
        flat = flatten(text)
        more = squeeze(flat)
        self._open += more
        self._places += compress(range(self._base, self._base + len(flat)), flat.translate(MASK))
        self._base += len(text)
        self._advance(final=False)

    def end(self) -> None:
        """Take what is still open for what it is: nothing more comes."""
        self._advance(final=True)

    def forget(self, before: int) -> None:
        """Drop the spans that end at or before a place."""
        while self.spans and self.spans[0][1] <= before:
            del self.spans[0]

    def _advance(self, *, final: bool) -> None:
        text, parts = self._open, self._parts
        at, end = 0, len(text)
        while at < end:
            head = text[at : at + HEAD]
            for part in parts:
                if head in part.heads and self._near(part, at) and self._holds(part, at, final=final):
                    break
            else:
                at += 1
                continue
            break
        self.settled = self._places[at] if at < end else self._base
        self._open = text[at:]
        del self._places[:at]

    def _near(self, part: Openings, at: int) -> bool:
        """Tell whether the first characters stand as close together as they may: what is two lines apart is not one
        value, unless one has such a gap."""
        places = self._places[at : at + HEAD]
        if len(places) < HEAD:
            places.append(self._base)
        return all(right - left <= part.gap for left, right in pairwise(places))

    def _holds(self, part: Openings, at: int, *, final: bool) -> bool:
        """Tell whether a value that begins at `at` could go on; note one that is there."""
        tail = self._open[at : at + part.longest]
        if not final and part.goes_on(tail):
            return True
        if size := part.whole(tail):
            self._note(self._places[at], self._places[at + size - 1] + 1)
        return False

    def _note(self, start: int, end: int) -> None:
        place = bisect_right(self.spans, (start, end))
        self.spans.insert(place, (start, end))
        while place and self.spans[place - 1][1] > self.spans[place][0]:
            place -= 1
        while place + 1 < len(self.spans) and self.spans[place + 1][0] < self.spans[place][1]:
            left, right = self.spans[place], self.spans.pop(place + 1)
            self.spans[place] = (left[0], max(left[1], right[1]))
        if self.spans[place][1] - self.spans[place][0] > _MOST + _TIMES * max(part.longest for part in self._parts):
            raise UnscannableError("text", "repeats a registered secret without end", "send less of it at once")
