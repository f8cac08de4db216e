"""How long something takes: a histogram of all, and the last ones by rank."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

LAST: Final = 1024
"""Values of which percentiles are told."""


class Spread:
    """Seconds. `bounds`: upper bounds of the histogram's buckets, growing; a last one without a bound is added."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds: Final = (*bounds, float("inf"))
        self.counts: Final = [0] * len(self.bounds)
        self.sum = 0.0
        self._last = array("d", [0.0]) * LAST
        self._count = 0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds
        self._last[self._count % LAST] = seconds
        self._count += 1

    def percentile(self, share: float) -> float | None:
        """Return the value that `share` (0..1) of the last ones do not pass, None where there are none."""
        known = sorted(self._last[: min(self._count, LAST)])
        return known[min(int(share * len(known)), len(known) - 1)] if known else None
