"""An exact memory of answers: bounded by their number and by their size, the least used ones are forgotten first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRIES: Final = 4096
ROOM: Final = 32 * 1024 * 1024
"""Bytes of all entries together, as their makers estimate them."""


class Memo(Generic[K, V]):
    """Remembers by whole keys, never by a hash that somebody could make to match."""

    __slots__ = ("_entries", "_kept", "_room", "_used")

    def __init__(self, entries: int = ENTRIES, room: int = ROOM) -> None:
        self._entries = entries
        self._room = room
        self._used = 0
        self._kept: dict[K, tuple[V, int]] = {}

    def find(self, key: K) -> V | None:
        """Return what is remembered for `key`, which becomes the most recently used."""
        found = self._kept.pop(key, None)
        if found is None:
            return None
        self._kept[key] = found
        return found[0]

    def keep(self, key: K, value: V, size: int) -> None:
        """Remember `value`, of about `size` bytes with its key, unless it takes more than a hundredth of the room."""
        self.drop(key)
        if size > self._room // 100:
            return
        self._kept[key] = (value, size)
        self._used += size
        while len(self._kept) > self._entries or self._used > self._room:
            self.drop(next(iter(self._kept)))

    def drop(self, key: K) -> None:
        """Forget one answer, if it is there."""
        found = self._kept.pop(key, None)
        if found is not None:
            self._used -= found[1]

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._used = 0

    def __len__(self) -> int:
        return len(self._kept)
