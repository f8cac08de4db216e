"""A text derived from another one, with the way back to the original positions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from re import Match, Pattern

from safety_core.match.squeeze import flatten, positions, squeeze


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters [start, end) of the parent became `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One text to scan. `parent` is None for the original.

    `_outs`, `_ends`: where each edit's text lies in this layer; `_sources`: which part of the parent it stands for.
    """

    text: str
    parent: Layer | None = None
    _outs: tuple[int, ...] = ()
    _ends: tuple[int, ...] = ()
    _sources: tuple[tuple[int, int], ...] = ()
    flat: bytes = field(init=False, repr=False)
    squeezed: bytes = field(init=False, repr=False)
    _positions: list[int] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flat", flatten(self.text))
        object.__setattr__(self, "squeezed", squeeze(self.flat))

    def unsqueezed(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of this layer behind bytes [start, end) of `squeezed`."""
        if not self._positions:
            self._positions.extend(positions(self.flat))
        return self._positions[start], self._positions[end - 1] + 1

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of the original text behind [start, end) of this layer. What was
        edited counts whole."""
        if self.parent is None:
            return start, end
        return self.parent.origin(self._source(start)[0], self._source(end - 1)[1])

    def _source(self, at: int) -> tuple[int, int]:
        index = bisect_right(self._outs, at) - 1
        if index < 0:
            return at, at + 1
        if at < self._ends[index]:
            return self._sources[index]
        moved = self._sources[index][1] - self._ends[index]
        return at + moved, at + moved + 1


def edited(parent: Layer, edits: Iterable[Edit]) -> Layer:
    """Return `parent` with these edits made; they are in order and do not overlap."""
    pieces: list[str] = []
    outs: list[int] = []
    ends: list[int] = []
    sources: list[tuple[int, int]] = []
    copied = length = 0
    for edit in edits:
        pieces += (parent.text[copied : edit.start], edit.text)
        outs.append(length + edit.start - copied)
        length = outs[-1] + len(edit.text)
        ends.append(length)
        sources.append((edit.start, edit.end))
        copied = edit.end
    pieces.append(parent.text[copied:])
    return Layer("".join(pieces), parent, tuple(outs), tuple(ends), tuple(sources))


def substituted(parent: Layer, pattern: Pattern[str], replace: Callable[[Match[str]], str]) -> Layer | None:
    """Return `parent` with every match replaced, or None where nothing matches."""
    edits = [Edit(*found.span(), replace(found)) for found in pattern.finditer(parent.text)]
    return edited(parent, edits) if edits else None
