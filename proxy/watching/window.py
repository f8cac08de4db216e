"""The last minutes, second by second, in a ring that never grows."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

SECONDS: Final = 300


class Window:
    """Sums of the last `SECONDS` seconds, `kinds` of them side by side. Times are seconds of one clock that never goes
    back."""

    def __init__(self, kinds: int) -> None:
        self._kinds = kinds
        self._at = array("q", [-1]) * SECONDS
        self._sums = array("q", [0]) * (SECONDS * kinds)

    def add(self, now: float, amounts: Sequence[int]) -> None:
        """Add one amount of each kind."""
        second = int(now)
        slot = second % SECONDS
        start = slot * self._kinds
        if self._at[slot] != second:
            self._at[slot] = second
            self._sums[start : start + self._kinds] = array("q", amounts)
            return
        for place, amount in enumerate(amounts, start):
            if amount:
                self._sums[place] += amount

    def total(self, now: float, seconds: int) -> list[int]:
        """Return the sums of each kind over the last `seconds`, this one included."""
        found = [0] * self._kinds
        for second in range(int(now), int(now) - min(seconds, SECONDS), -1):
            slot = second % SECONDS
            if self._at[slot] == second:
                start = slot * self._kinds
                found = [before + self._sums[start + kind] for kind, before in enumerate(found)]
        return found
