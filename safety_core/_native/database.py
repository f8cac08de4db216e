"""Expressions compiled by Hyperscan, and where they match: what everything that uses Hyperscan goes through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import hyperscan

_MODE: Final = hyperscan.HS_MODE_BLOCK


class Database:
    """A set of expressions. Any number of threads may look through a text with it at once."""

    __slots__ = ("_compiled", "_spare")

    def __init__(self, expressions: Sequence[bytes], *, flags: int = 0, literal: bool = False) -> None:
        """Compile.

        Args:
            expressions: one or more.
            flags: Hyperscan's, for each of them.
            literal: they are plain bytes, not regular expressions.

        Raises:
            hyperscan.HyperscanError: one of them cannot be compiled.
        """
        self._compiled: Any = hyperscan.Database(mode=_MODE)
        self._spare: list[Any] = []
        numbers = [*range(len(expressions))]
        self._compiled.compile(expressions=[*expressions], ids=numbers, flags=[flags] * len(numbers), literal=literal)

    @classmethod
    def restored(cls, stored: bytes) -> Database:
        """Return what `dump` gave: Hyperscan trusts it blindly. Raises hyperscan.HyperscanError where it comes from
        another processor or release."""
        database = cls.__new__(cls)
        database._compiled, database._spare = hyperscan.loadb(stored, _MODE), []
        return database

    def dump(self) -> bytes:
        """Return it in the form that `restored` takes."""
        return bytes(hyperscan.dumpb(self._compiled))

    def engine(self) -> str:
        """Return the release of Hyperscan and the features of the processor that it is made for."""
        return repr(self._compiled.info())

    def ends(self, text: bytes) -> list[tuple[int, int]]:
        """Return (number of the expression, end) of every match; Hyperscan does not say where one begins."""
        found: list[tuple[int, int]] = []
        if not text:
            return found

        def keep(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((number, end))

        # Hyperscan lets go of the interpreter's lock, so each scan needs a scratch space of its own.
        scratch = self._spare.pop() if self._spare else hyperscan.Scratch(self._compiled)
        self._compiled.scan(text, match_event_handler=keep, scratch=scratch)
        self._spare.append(scratch)
        return found
