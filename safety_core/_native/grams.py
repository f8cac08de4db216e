"""Needles in tables of the C extension, with room for more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

ROOM: Final = 4096
"""Needles that a table can take beyond those that it began with: some 200 secrets."""


class GramTables:
    """Needles of 10 bytes or more. One table that was filled at the start, and more where that is full: a table
    never moves what is in it, so adding costs microseconds at any size."""

    __slots__ = ("_left", "_new", "_tables")

    def __init__(self, new_table: Callable[[], Any]) -> None:
        self._new = new_table
        self._tables: list[Any] = []
        self._left = 0

    def __len__(self) -> int:
        return sum(map(len, self._tables))

    def add_all(self, needles: Iterable[tuple[bytes, int]]) -> None:
        """Look for these, too: (needle, tag)."""
        if self._left <= 0:
            self._fill(needles)
            return
        table = self._tables[-1]
        for needle, tag in needles:
            table.add(needle, tag)
            self._left -= 1

    def _fill(self, needles: Iterable[tuple[bytes, int]]) -> None:
        """Fill a new table, then give it room for as many again as all tables hold."""
        table = self._new()
        for needle, tag in needles:
            table.add(needle, tag)
        self._left = max(ROOM, len(self) // 2)
        table.reserve(self._left + ROOM)
        self._tables.append(table)

    def find(self, squeezed: bytes) -> list[tuple[int, int, int]]:
        """Return (tag, start, end) of every occurrence."""
        return [hit for table in self._tables for hit in table.find(squeezed)]
