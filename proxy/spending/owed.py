"""What was consumed and could not be written into the books yet: another process has them, or the disk is full.

It is written later, at the hour it was consumed, and once more when the edge is asked to end. What is owed when the
edge is killed is not written: the provider's own export tells of it (`safety usage reconcile`).
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Final

from safety_core.edge.usage_store import UsageStore
from safety_core.errors import UnavailableError
from safety_core.model.usage import Booking

MOST: Final = 10_000
"""Responses that may be owed: some minutes of a busy edge, and a few megabytes."""

_log: Final = logging.getLogger(__name__)


class Owed:
    """The bookings that wait, oldest first."""

    def __init__(self, usage: UsageStore) -> None:
        self._usage = usage
        self._waiting: deque[tuple[Booking, float]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def keep(self, booking: Booking, now: float) -> None:
        """Keep a response that was consumed at `now`. Of too many the oldest is given up, and the log says so."""
        if len(self._waiting) >= MOST:
            lost, _ = self._waiting.popleft()
            _log.error("the usage of response %s is not in the books: too many wait for them", lost.request)
        self._waiting.append((booking, now))

    async def settle_at_last(self) -> None:
        """Write what waits before the edge ends, or say in the log what stays unwritten."""
        try:
            await self.settle()
        except UnavailableError as error:
            _log.error("the usage of %d responses is not in the books: %s", len(self._waiting), error)

    async def settle(self) -> None:
        """Write what waits; a response that was written after all counts once. Raises UnavailableError."""
        while self._waiting:
            booking, then = self._waiting[0]
            await self._usage.add(booking, then)
            if self._waiting and self._waiting[0][0] is booking:
                self._waiting.popleft()
