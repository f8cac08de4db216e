"""A set of byte strings, found in one pass by Hyperscan's literal matcher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from safety_core._native.database import Database

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


class _Literals:
    """Immutable. `level`: how often it was put together from smaller ones."""

    __slots__ = ("_anchors", "level", "literals")

    def __init__(self, literals: tuple[_Literal, ...], level: int) -> None:
        self.literals = literals
        self.level = level
        self._anchors = Database([literal.anchor for literal in literals], literal=True)

    def find(self, text: bytes) -> Iterator[tuple[int, int, int]]:
        for number, end in self._anchors.ends(text):
            literal = self.literals[number]
            start = end - len(literal.anchor) - literal.start
            if start >= 0 and text.startswith(literal.needle, start):
                yield literal.tag, start, start + len(literal.needle)


class LiteralTable:
    """Needles of one byte or more. What is added goes into small databases, which are put together as they grow."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: tuple[_Literals, ...] = ()

    def __len__(self) -> int:
        return sum(len(part.literals) for part in self._parts)

    def add_all(self, needles: Iterable[tuple[bytes, int]]) -> None:
        """Look for these, too: (needle, tag). A search that is going on may or may not see them."""
        fresh = tuple(_Literal(needle, tag, max(0, (len(needle) - ANCHOR) // 2)) for needle, tag in needles)
        if not fresh:
            return
        parts = [*self._parts, _Literals(fresh, _level(len(fresh)))]
        while len(parts) >= FANOUT and len({part.level for part in parts[-FANOUT:]}) == 1:
            joined = tuple(literal for part in parts[-FANOUT:] for literal in part.literals)
            parts[-FANOUT:] = [_Literals(joined, parts[-1].level + 1)]
        self._parts = tuple(parts)

    def find(self, text: bytes) -> list[tuple[int, int, int]]:
        """Return (tag, start, end) of every occurrence."""
        return [hit for part in self._parts for hit in part.find(text)]


def _level(size: int) -> int:
    """Return how many times smaller databases would have been put together to this size."""
    return max(0, size // 64).bit_length() // 2
