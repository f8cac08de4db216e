"""A Rego module -> its clauses with their lines, and what a run that noted covered lines says about each.

A clause is one `name ... if { ... }`: it begins at column one. The engine counts a line of a body as covered when it
was reached, and the head of a clause of `hits` when the body came true: a covered head is a clause that fired, and the
last line that is covered is the furthest that it got.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

HITS: Final = "hits"
"""Name of the set in which a rule says what it found."""

_HEAD: Final = re.compile(r"[A-Za-z_]\w*")
_NO_CLAUSE: Final = frozenset({"package", "import", "default"})
_LEVEL: Final = re.compile(r"\"level\":\s*\"([a-z_]+)\"")
_REASON: Final = re.compile(r"\"reason\":\s*(\"(?:\\.|[^\"\\])*\"|sprintf\(\"(?:\\.|[^\"\\])*\")")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a module.

    Attributes:
        name: what it defines: "hits", or a function of the rule's own.
        first, last: its lines, counted from 1.
        level, reason: what its head says, as far as it stands there as text.
    """

    name: str
    first: int
    last: int
    level: str = ""
    reason: str = ""

    def fired(self, covered: Collection[int]) -> bool:
        """Tell whether its body came true at least once."""
        return self.first in covered

    def furthest(self, covered: Collection[int]) -> int | None:
        """Return the last line of its body that was reached: what never came true. None if it was never asked."""
        return max((line for line in covered if self.first < line <= self.last), default=None)


def clauses_of(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a module, in order."""
    lines = text.splitlines()
    return tuple(_clause(lines, first, last) for first, last in _spans(lines))


def _spans(lines: list[str]) -> Iterator[tuple[int, int]]:
    starts = [
        number
        for number, line in enumerate(lines, 1)
        if (found := _HEAD.match(line)) is not None and found[0] not in _NO_CLAUSE
    ]
    for first, after in zip(starts, [*starts, len(lines) + 1][1:], strict=True):
        last = after - 1
        while last > first and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
            last -= 1
        yield first, last


def _clause(lines: list[str], first: int, last: int) -> Clause:
    text = "\n".join(lines[first - 1 : last])
    found = _HEAD.match(text)
    level, reason = _LEVEL.search(text), _REASON.search(text)
    return Clause(
        found[0] if found else "",
        first,
        last,
        level[1] if level else "",
        reason[1].removeprefix("sprintf(").strip('"') if reason else "",
    )
