"""A set of byte strings, found in one pass by Hyperscan's literal matcher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import hyperscan

ANCHOR: Final = 16
"""Bytes from the middle of a needle that Hyperscan looks for; the rest is compared when they are found."""

FANOUT: Final = 4
"""Databases of one size that are put together to one of the next size."""


class _Literal(NamedTuple):
    needle: bytes
    tag: int
    start: int

    @property
    def anchor(self) -> bytes:
        return self.needle[self.start : self.start + ANCHOR]


class _Database:
    """Immutable. `level`: how often it was put together from smaller ones."""

    __slots__ = ("_compiled", "_spare", "level", "literals")

    def __init__(self, literals: tuple[_Literal, ...], level: int) -> None:
        self.literals = literals
        self.level = level
        self._spare: list[Any] = []
        self._compiled: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        anchors = [literal.anchor for literal in literals]
        self._compiled.compile(expressions=anchors, ids=[*range(len(anchors))], literal=True)

    def find(self, text: bytes) -> list[tuple[int, int, int]]:
        found: list[tuple[int, int, int]] = []

        def keep(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            literal = self.literals[index]
            start = end - len(literal.anchor) - literal.start
            if start >= 0 and text.startswith(literal.needle, start):
                found.append((literal.tag, start, start + len(literal.needle)))

        with borrowed(self._compiled, self._spare) as scratch:
            self._compiled.scan(text, match_event_handler=keep, scratch=scratch)
        return found


class LiteralTable:
    """Needles of one byte or more. What is added goes into small databases, which are put together as they grow."""

    __slots__ = ("_databases",)

    def __init__(self) -> None:
        self._databases: tuple[_Database, ...] = ()

    def __len__(self) -> int:
        return sum(len(database.literals) for database in self._databases)

    def add_all(self, needles: Iterable[tuple[bytes, int]]) -> None:
        """Look for these, too: (needle, tag). A search that is going on may or may not see them."""
        fresh = tuple(_Literal(needle, tag, max(0, (len(needle) - ANCHOR) // 2)) for needle, tag in needles)
        if not fresh:
            return
        databases = [*self._databases, _Database(fresh, _level(len(fresh)))]
        while len(databases) >= FANOUT and len({database.level for database in databases[-FANOUT:]}) == 1:
            joined = tuple(literal for database in databases[-FANOUT:] for literal in database.literals)
            databases[-FANOUT:] = [_Database(joined, databases[-1].level + 1)]
        self._databases = tuple(databases)

    def find(self, text: bytes) -> list[tuple[int, int, int]]:
        """Return (tag, start, end) of every occurrence."""
        if not text:
            return []
        return [hit for database in self._databases for hit in database.find(text)]


def _level(size: int) -> int:
    """Return how many times smaller databases would have been put together to this size."""
    return max(0, size // 64).bit_length() // 2


@contextmanager
def borrowed(database: Any, spare: list[Any]) -> Iterator[Any]:
    """Lend a scratch space of its own to one scan: Hyperscan lets go of the interpreter's lock, so two may run
    at once."""
    scratch = spare.pop() if spare else hyperscan.Scratch(database)
    yield scratch
    spare.append(scratch)
