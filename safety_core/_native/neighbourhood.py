"""The neighbourhoods of what was undone, apart from each other: everything else has been looked at as it stood.

A neighbourhood is `NEAR` characters on both sides, and on to the next white space, but not more than `FAR`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import Final, TypeAlias

from safety_core._native.fold import BOUNDARY

NEAR: Final = 96
FAR: Final = 4096
_STOPS: Final = frozenset(b" \t\n\v\f\r\xff")
_STOP: Final = re.compile(rb"[%b]" % bytes(_STOPS))

Edit: TypeAlias = tuple[int, int, bytes]
"""Start, end, what comes instead."""


class _Outcome:
    """What comes back, as it grows."""

    def __init__(self, flat: bytes) -> None:
        self.flat = flat
        self.out = bytearray()
        self.trail = bytearray()
        self.copied = 0

    def copy(self, end: int) -> None:
        self.out += self.flat[self.copied : end]
        self.copied = end

    def replace(self, end: int, made: bytes) -> None:
        self.trail += struct.pack("=4I", len(self.out), len(self.out) + len(made), self.copied, end)
        self.out += made
        self.copied = end

    def gap(self, end: int) -> None:
        if end > self.copied:
            self.replace(end, bytes((BOUNDARY,)))


def neighbourhoods(flat: bytes, edits: Iterable[Edit]) -> tuple[bytes, bytes]:
    """Return (bytes, trail), see `escapes.unescaped`. The edits are in order and do not overlap."""
    outcome = _Outcome(flat)
    until = -1
    for start, end, made in edits:
        if start > until:
            outcome.copy(max(until, 0))
            outcome.gap(_back(flat, start, outcome.copied))
        outcome.copy(start)
        outcome.replace(end, made)
        until = _on(flat, end, until)
    outcome.copy(until)
    outcome.gap(len(flat))
    return bytes(outcome.out), bytes(outcome.trail)


def _back(flat: bytes, start: int, least: int) -> int:
    if start - least <= NEAR:
        return least
    at = start - NEAR
    far = max(least, at - FAR)
    while at > far and flat[at - 1] not in _STOPS:
        at -= 1
    return at


def _on(flat: bytes, end: int, seen: int) -> int:
    """Return where the neighbourhood of what ends at `end` does. `seen` is what was returned for the edit before it:
    up to there, nothing stops."""
    at = min(len(flat), end + NEAR)
    far = min(len(flat), at + FAR)
    found = _STOP.search(flat, max(at, seen), far)
    return found.start() if found else far
