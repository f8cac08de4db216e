"""The geometry of small charts. The page draws them as SVG, with a table beside: no script, no inline style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT: Final = 52
TOP: Final = 12
BOTTOM: Final = HEIGHT - 26
TICKS: Final = 7
"""Words under the chart, at most: more would run into each other on a phone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One value at its place."""

    x: float
    y: float
    words: str
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All that a template needs to draw. Lengths are in units of the view box.

    Attributes:
        step: from one mark to the next; `gap` of it stays free between bars.
        lines: height and words of the horizontal lines.
        ticks: place and words under the chart.
    """

    marks: tuple[Mark, ...]
    step: float
    gap: float
    lines: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = BOTTOM


def chart(points: Sequence[tuple[str, float]]) -> Chart:
    """Lay out values (none below zero) from left to right, under a round number that none passes."""
    top = _round_up(max((value for _, value in points), default=0))
    step = (WIDTH - LEFT) / max(len(points), 1)
    marks = tuple(
        Mark(round(LEFT + (place + 0.5) * step, 1), round(_height(value, top), 1), words, value)
        for place, (words, value) in enumerate(points)
    )
    every = -(-len(points) // TICKS)
    lines = tuple((round(_height(top * part / 2, top), 1), figure(top * part / 2)) for part in range(3))
    return Chart(marks, round(step, 2), round(step / 4, 2), lines, tuple((m.x, m.words) for m in marks[:: every or 1]))


def figure(value: float) -> str:
    """Return a number as people read it, in three significant digits ("1.25", "12,300", "4.5 M")."""
    for size, name in ((1e9, " G"), (1e6, " M")):
        if abs(value) >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _height(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def _round_up(value: float) -> float:
    if value < 1e-9:  # nothing that anybody counts is as small; its powers of ten would run out
        return 1
    unit: float = 10.0 ** floor(log10(value))
    return next(unit * factor for factor in (1, 2, 5, 10) if value <= unit * factor * (1 + 1e-9))
