"""Private keys in progress: blocks of lines of which the first says how the last will look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from re import Pattern
from typing import Final


@dataclass(frozen=True, slots=True)
class _Block:
    """How a block begins, how far that may go on before it is told from others, and how it ends."""

    first: str
    undecided: Pattern[str]
    key: Pattern[str]
    last: Pattern[str]


_BLOCKS: Final = (
    _Block(
        "-----BEGIN",
        re.compile(r"-----BEGIN[A-Z0-9 ]{0,40}"),
        re.compile(r"-----BEGIN[A-Z0-9 ]{0,34}PRIVATE KEY"),
        re.compile(r"-----END[A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,8}-----"),
    ),
    _Block(
        "PuTTY-User-Key-File-",
        re.compile(r"PuTTY-User-Key-File-[0-9]{0,2}"),
        re.compile(r"PuTTY-User-Key-File-[0-9]{1,2}:"),
        re.compile(r"Private-MAC: {0,3}[0-9a-f]{16,128}\s"),
    ),
)

_LAST: Final = 160
"""Characters that the end of a block may take."""


class Armour:
    """Whether a private key is going on. Positions are those of the text that is given."""

    __slots__ = ("_block", "_start", "_tried")

    def __init__(self) -> None:
        self._block: _Block | None = None
        self._start = self._tried = 0

    def moved(self, by: int) -> None:
        """Take note that the text has lost so many characters at its front."""
        self._start -= by
        self._tried -= by

    def forget(self) -> None:
        """Give up a block that has become too long."""
        self._block = None

    def goes_on(self, text: str, start: int, end: int) -> bool:
        """Tell whether a key is going on at `end`, given what [start, end) brings."""
        while block := self._block or self._begun(text, start, end):
            head = block.undecided.match(text, self._start, end)
            if head is not None and head.end() == end:
                return True
            if block.key.match(text, self._start, end) and not block.last.search(text, self._tried, end):
                self._tried = max(self._tried, end - _LAST)
                return True
            start = max(start, self._start + 1)
            self._block = None
        return False

    def _begun(self, text: str, start: int, end: int) -> _Block | None:
        for block in _BLOCKS:
            place = text.find(block.first, start, end)
            if place >= 0:
                self._block, self._start, self._tried = block, place, place
                return block
        return None
