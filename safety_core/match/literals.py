"""A set of byte strings, found in one pass (Hyperscan's literal matcher)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import hyperscan


class Literals:
    """Immutable."""

    __slots__ = ("_database", "_spare")

    def __init__(self, literals: Iterable[bytes]) -> None:
        expressions = [*literals]
        self._database: Any = None
        self._spare: list[Any] = []
        if expressions:
            self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
            self._database.compile(expressions=expressions, ids=[*range(len(expressions))], literal=True)

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """Return (index of the literal, end) of every occurrence."""
        found: list[tuple[int, int]] = []
        if self._database is None or not text:
            return found

        def keep(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((index, end))

        with borrowed(self._database, self._spare) as scratch:
            self._database.scan(text, match_event_handler=keep, scratch=scratch)
        return found


@contextmanager
def borrowed(database: Any, spare: list[Any]) -> Iterator[Any]:
    """Lend a scratch space of its own to one scan: Hyperscan lets go of the interpreter's lock, so two
    may run at once."""
    scratch = spare.pop() if spare else hyperscan.Scratch(database)
    yield scratch
    spare.append(scratch)
