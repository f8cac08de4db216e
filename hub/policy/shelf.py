"""What was read before: bundles by the digest of what led to them, the least used put away first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from safety_core.bundle.contents import TrustedBundle

ROOM: Final = 24
"""Bundles that are kept: some megabytes each, and a tenth of a second to read anew."""


class Shelf:
    """Bundles by key. Callers on any thread; two that miss the same one may both read it."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, ...], TrustedBundle] = OrderedDict()

    def take(self, key: tuple[str, ...], read: Callable[[], TrustedBundle]) -> TrustedBundle:
        """Return what stands under `key`, by `read` where there is nothing yet. An error is not kept."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
                return found
        found = read()
        with self._lock:
            self._held[key] = found
            while len(self._held) > self._room:
                self._held.popitem(last=False)
        return found
