"""How much of the bodies of all requests may be held at the same time: each is read and looked through whole.

Counted is what has come, not what was announced: who announces much and sends nothing takes no room from others. And no
agent takes all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from safety_core.errors import BusyError

BODIES: Final = 128 * 1024 * 1024
"""Bytes, at each listener that takes large bodies."""


@dataclass(slots=True)
class Room:
    """Room for `most` bytes in all, and for three fourths of these of one client."""

    most: int = BODIES
    held: int = 0
    _by: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def guest(self, client: str) -> Generator[Callable[[int], None]]:
        """Yield what takes so many more bytes for a request, held until the block ends, or raises BusyError."""
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            if self.held + size > self.most or self._by[client] + size > self.most * 3 // 4:
                raise BusyError("the edge", "holds as many bodies of requests as it can", "try again")
            mine += size
            self.held += size
            self._by[client] += size

        try:
            yield take
        finally:
            self.held -= mine
            self._by[client] -= mine
            if not self._by[client]:
                del self._by[client]
