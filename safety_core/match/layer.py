"""A text to scan, in flat bytes, and the way back to the original positions of one that was derived from another.

What is costly is worked out when it is first asked for: the way back is needed only where something was found.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from safety_core._native.engine import ENGINE
from safety_core._native.fold import BOUNDARY

RUN_LEAST: Final = 16
RUN_MOST: Final = 200
"""Lengths of runs that may be chance: longer ones are content (a picture, a signature), worth nothing in pieces."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters [start, end) of the parent became `flat`."""

    start: int
    end: int
    flat: bytes


def flatten(text: str) -> bytes:
    """Return one byte per character of `text` (see `safety_core._native.fold`)."""
    return ENGINE.flatten(text)


def squeeze(flat: bytes) -> bytes:
    """Return the letters and digits of flat bytes, in lower case; bytes from 0x80 are other letters."""
    return ENGINE.squeeze(flat)


class Trail:
    """Where what was not copied lies in a layer, [outs, ends), and which part of the parent it stands for."""

    __slots__ = ("ends", "outs", "starts", "stops")

    def __init__(self, packed: bytes) -> None:
        """Read four unsigned 32-bit numbers for each, in the machine's order."""
        numbers = array("I", packed)
        self.outs, self.ends, self.starts, self.stops = (numbers[column::4] for column in range(4))

    def source(self, at: int) -> tuple[int, int]:
        """Return the characters of the parent behind character `at`. What was edited counts whole."""
        index = bisect_right(self.outs, at) - 1
        if index < 0:
            return at, at + 1
        if at < self.ends[index]:
            return self.starts[index], self.stops[index]
        moved = self.stops[index] - self.ends[index]
        return at + moved, at + moved + 1

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of the parent behind [start, end)."""
        return self.source(start)[0], self.source(end - 1)[1]

    def touches(self, start: int, end: int) -> bool:
        """Tell whether something was edited in [start, end) or right beside it."""
        index = bisect_left(self.ends, start)
        return index < len(self.outs) and self.outs[index] <= end


class Layer:
    """One text to scan. Not to be changed.

    Attributes:
        parent: what it was derived from; None for the original.
        partly: it was scanned in the parent, but for what was edited.
    """

    def __init__(
        self, flat: bytes, parent: Layer | None = None, trail: Callable[[], bytes] = bytes, *, partly: bool = False
    ) -> None:
        self.flat = flat
        self.parent = parent
        self.partly = partly
        self._packed_trail = trail

    @cached_property
    def squeezed(self) -> bytes:
        """Its letters and digits."""
        return squeeze(self.flat)

    @cached_property
    def runs(self) -> list[tuple[int, int, int]]:
        """(start, end, kind) of runs that deserve a closer look, see `safety_core._native.twin.runs`."""
        return ENGINE.runs(self.flat, RUN_LEAST, RUN_MOST)

    @cached_property
    def _positions(self) -> array[int]:
        return array("I", ENGINE.positions(self.flat))

    @cached_property
    def _trail(self) -> Trail:
        return Trail(self._packed_trail())

    def unsqueezed(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of this layer behind bytes [start, end) of `squeezed`."""
        return self._positions[start], self._positions[end - 1] + 1

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the original characters behind [start, end) of this layer. What was edited counts whole."""
        if self.parent is None:
            return start, end
        return self.parent.origin(*self._trail.back(start, end))

    def changed(self, start: int, end: int) -> bool:
        """Tell whether [start, end) holds, or lies beside, what has not been scanned in the parent."""
        return not self.partly or self._trail.touches(start, end)


def edited(parent: Layer, edits: Iterable[Edit]) -> Layer:
    """Return `parent` with these edits made; they are in order and do not overlap."""
    pieces: list[bytes] = []
    trail = array("I")
    copied = length = 0
    for edit in edits:
        pieces += (parent.flat[copied : edit.start], edit.flat)
        length += edit.start - copied
        trail.extend((length, length + len(edit.flat), edit.start, edit.end))
        length += len(edit.flat)
        copied = edit.end
    pieces.append(parent.flat[copied:])
    return Layer(b"".join(pieces), parent, trail.tobytes)


def masked(parent: Layer, marks: Iterable[tuple[int, int]]) -> Layer:
    """Return `parent` with one boundary in place of each of these parts: nothing matches across it."""
    return edited(parent, [Edit(start, end, bytes((BOUNDARY,))) for start, end in sorted(marks)])


def unescaped(layer: Layer) -> Layer | None:
    """Return the neighbourhoods of the layer's escapes, tags and invisible characters without them; None where it has
    none."""
    found = ENGINE.unescaped(layer.flat)
    return None if found is None else Layer(found[0], layer, found[1].__bytes__, partly=True)
