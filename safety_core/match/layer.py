"""A text derived from another one, with the way back to the original positions.

What is costly is worked out when it is first asked for: the way back is needed only where something was found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from re import Match, Pattern

from safety_core.match.squeeze import flatten, positions, squeeze


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters [start, end) of the parent became `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Trail:
    """Where each edit's text lies in a layer, [outs, ends), and which part of the parent it stands for."""

    outs: list[int]
    ends: list[int]
    sources: list[tuple[int, int]]


class Layer:
    """One text to scan. `parent` is None for the original. Not to be changed."""

    def __init__(
        self, text: str, parent: Layer | None = None, edits: Callable[[], Iterable[Edit]] = tuple[Edit]
    ) -> None:
        self.text = text
        self.parent = parent
        self._edits = edits

    @cached_property
    def flat(self) -> bytes:
        """One byte per character of `text`."""
        return flatten(self.text)

    @cached_property
    def squeezed(self) -> bytes:
        """Its letters and digits."""
        return squeeze(self.flat)

    @cached_property
    def _positions(self) -> list[int]:
        return positions(self.flat)

    @cached_property
    def _trail(self) -> _Trail:
        trail = _Trail([], [], [])
        copied = length = 0
        for edit in self._edits():
            trail.outs.append(length + edit.start - copied)
            length = trail.outs[-1] + len(edit.text)
            trail.ends.append(length)
            trail.sources.append((edit.start, edit.end))
            copied = edit.end
        return trail

    def unsqueezed(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of this layer behind bytes [start, end) of `squeezed`."""
        return self._positions[start], self._positions[end - 1] + 1

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the original characters behind [start, end) of this layer. What was edited counts whole."""
        if self.parent is None:
            return start, end
        return self.parent.origin(self._source(start)[0], self._source(end - 1)[1])

    def _source(self, at: int) -> tuple[int, int]:
        trail = self._trail
        index = bisect_right(trail.outs, at) - 1
        if index < 0:
            return at, at + 1
        if at < trail.ends[index]:
            return trail.sources[index]
        moved = trail.sources[index][1] - trail.ends[index]
        return at + moved, at + moved + 1


def edited(parent: Layer, edits: list[Edit]) -> Layer:
    """Return `parent` with these edits made; they are in order and do not overlap."""
    pieces: list[str] = []
    copied = 0
    for edit in edits:
        pieces += (parent.text[copied : edit.start], edit.text)
        copied = edit.end
    pieces.append(parent.text[copied:])
    return Layer("".join(pieces), parent, lambda: edits)


def substituted(parent: Layer, pattern: Pattern[str], replace: Callable[[Match[str]], str]) -> Layer | None:
    """Return `parent` with every match replaced, or None where nothing matches."""
    text, count = pattern.subn(replace, parent.text)
    if not count:
        return None
    return Layer(text, parent, lambda: (Edit(*found.span(), replace(found)) for found in pattern.finditer(parent.text)))
