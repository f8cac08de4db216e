"""What was read before: bundles and policies by what led to them, the least used put away first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

BUNDLES: Final = 24
"""Bundles that are kept: some four megabytes each, and a fifth of a second to read anew."""

POLICIES: Final = 5000
"""Policies that are kept, without what only judging needs: some kilobytes each."""


class Shelf(Generic[T]):
    """Values by key. Callers on any thread; two that miss the same one may both read it."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[object, ...], T] = OrderedDict()

    def look(self, key: tuple[object, ...]) -> tuple[T] | None:
        """Return what stands under `key`, in a tuple of its own, if there is anything."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return (self._held[key],)

    def take(self, key: tuple[object, ...], read: Callable[[], T]) -> T:
        """Return what stands under `key`, by `read` where there is nothing yet. An error is not kept."""
        found = self.look(key)
        if found is not None:
            return found[0]
        value = read()
        with self._lock:
            self._held[key] = value
            while len(self._held) > self._room:
                self._held.popitem(last=False)
        return value
