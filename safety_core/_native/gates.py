"""Where something may begin, told by Hyperscan in one pass: the twin looks with `re` only there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hyperscan

from safety_core._native.literals import borrowed


class Gates:
    """A few expressions; of each, how many bytes before its end a match begins."""

    __slots__ = ("_database", "_lengths", "_spare")

    def __init__(self, expressions: Mapping[bytes, int]) -> None:
        self._lengths = [*expressions.values()]
        self._spare: list[Any] = []
        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(expressions=[*expressions], ids=[*range(len(expressions))])

    def starts(self, flat: bytes) -> list[int]:
        """Return where matches begin, in order, without repeats."""
        found: set[int] = set()
        if not flat:
            return []

        def keep(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.add(end - self._lengths[index])

        with borrowed(self._database, self._spare) as scratch:
            self._database.scan(flat, match_event_handler=keep, scratch=scratch)
        return sorted(found)
