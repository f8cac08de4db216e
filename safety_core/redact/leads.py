"""What the values of patterns begin with, and the names that stand before them, where no value shows itself.

A stream asks: could this be the beginning of a secret that nobody registered?
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from safety_core.match.beginnings import LONGEST, beginnings, either_case, has_spaces, least
from safety_core.model.policy import Pattern

URL: Final = "://"

_BY_CHANCE: Final = frozenset({"base32_crc16", "base58_check", "keyed", "mixed", "random_looking"})
"""Checks of values that look like chance: such a value is no word, whatever stands before it."""

_BY_LENGTH: Final = 16
"""Characters of a value from which on it looks like chance, too."""

_NAME: Final = re.compile(r"[a-z_-]{3,}")
_SHORTEST_NAME: Final = 3
_DIGIT: Final = re.compile(r"[0-9]")
_KNOWN: Final = 4096
"""Runs that are remembered; none with a digit, so hardly a secret."""


class _Heads:
    __slots__ = ("_parts", "_whole")

    def __init__(self, heads: Collection[str]) -> None:
        self._whole = frozenset(heads)
        self._parts = frozenset(head[:size] for head in heads for size in range(1, len(head)))

    def open(self, text: str) -> bool:
        if text[:3] not in self._parts and text[:3] not in self._whole:
            return False
        return text in self._parts or any(text[:size] in self._whole for size in range(1, min(len(text), LONGEST) + 1))


def _tells(head: str) -> bool:
    """Tell whether a beginning is more than chance: not one or two characters, not the beginning of every URL."""
    return len(head) > 2 and not head.endswith(URL)


def _fewest(heads: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return names of which each of these beginnings holds one: short ones first, and none that holds another."""
    names: list[str] = []
    for head in sorted(heads, key=lambda head: (len(head), *map(len, head))):
        if head and not any(name in part for part in head for name in names):
            names.append(max(head, key=len))
    return tuple(names)


class Leads:
    """What patterns begin with: values themselves, and the names before them. Not to be changed."""

    __slots__ = ("_either", "_exact", "_names", "_seen", "_spaced")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        exact: set[str] = set()
        either: set[str] = set()
        names: set[tuple[str, ...]] = set()
        spaced: set[str] = set()
        for pattern in patterns:
            heads = {head for head in beginnings(pattern.expression, pattern.group) if _tells(head)}
            (either if either_case(pattern.expression) else exact).update(heads)
            by_chance = pattern.check in _BY_CHANCE or least(pattern.expression, pattern.group) >= _BY_LENGTH
            if pattern.group and not heads and not by_chance:
                begun = {head.lower() for head in beginnings(pattern.expression) if not head.endswith(URL)}
                names.update(tuple(_NAME.findall(head)) for head in begun)
                spaced |= begun if has_spaces(pattern.expression, pattern.group) else set()
        self._exact, self._either = _Heads(exact), _Heads(either)
        self._names = _fewest(names)
        self._spaced = frozenset(head for head in spaced if not any(other in head for other in spaced - {head}))
        self._seen: dict[str, bool] = {}

    def open(self, text: str) -> bool:
        """Tell whether a pattern's value could begin with all of `text`, or begins with a part of it."""
        return self._exact.open(text) or self._either.open(text.lower())

    def opens_line(self, text: str) -> bool:
        """Tell whether something in `text` names a secret that has spaces in it."""
        low = text.lower()
        return any(head in low for head in self._spaced)

    def named(self, run: str) -> bool:
        """Tell whether something in `run` names a secret."""
        if len(run) < _SHORTEST_NAME:
            return False
        known = self._seen.get(run)
        if known is None:
            low = run.lower()
            known = any(name in low for name in self._names)
            if len(run) <= LONGEST and not _DIGIT.search(run):
                if len(self._seen) >= _KNOWN:
                    self._seen.clear()
                self._seen[run] = known
        return known
