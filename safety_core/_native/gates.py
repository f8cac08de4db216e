"""Where something may begin, told by Hyperscan in one pass: the twin looks with `re` only there."""

from __future__ import annotations

from collections.abc import Mapping

from safety_core._native.database import Database


class Gates:
    """A few expressions; of each, how many bytes before its end a match begins."""

    __slots__ = ("_database", "_lengths")

    def __init__(self, expressions: Mapping[bytes, int]) -> None:
        self._lengths = [*expressions.values()]
        self._database = Database([*expressions])

    def starts(self, flat: bytes) -> list[int]:
        """Return where matches begin, in order, without repeats."""
        return sorted({end - self._lengths[number] for number, end in self._database.ends(flat)})
