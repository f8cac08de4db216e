"""One section after the other: how long each took, and what becomes of one that errs.

A section that errs, or does not end, is named with the reason. Its figures of an earlier run stay, with their day, and
all other sections are measured all the same.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any, Final

from bench.figure import Figure
from bench.report import results
from bench.report.progress import Bar
from bench.section import Collected, Section

PATIENCE: Final = 300
"""Seconds for one section: three times what the longest takes on a quiet machine."""


class SectionTimeoutError(Exception):
    """A section did not end."""


def with_section(stored: dict[str, Any], section: Section, bar: Bar, patience: int = PATIENCE) -> dict[str, Any]:
    """Return the results with one section measured now."""
    collected = Collected()
    load, began, error = os.getloadavg()[0], time.perf_counter(), ""
    bar.begin()
    try:
        with _limited(patience):
            section.measure(collected, bar)
    except Exception as caught:  # noqa: BLE001 - whatever it is, the other sections are measured
        error = f"{type(caught).__name__}: {' '.join(str(caught).split())[:300]}"
    steps = bar.ended()
    record = {
        "when": datetime.now(UTC).date().isoformat(),
        "seconds": time.perf_counter() - began,
        "load": load,
        "steps": [{"what": what, "seconds": seconds} for what, seconds in steps],
        "figures": [figure.name for figure in collected.figures],
    }
    return merged(stored, section.name, collected, record, error)


def merged(
    stored: dict[str, Any], name: str, collected: Collected, record: dict[str, Any], error: str
) -> dict[str, Any]:
    """Return the results with what a section has measured in place of what it had measured before.

    After an error only what was measured again is replaced, and the section keeps its day.
    """
    before = stored.get("sections", {}).get(name, {})
    fresh = {figure.name for figure in collected.figures}
    gone = fresh if error else fresh | {*before.get("figures", ())}
    if error:
        names = [*dict.fromkeys([*before.get("figures", ()), *record["figures"]])]
        record = {**record, **before, "figures": names, "error": error}
    figures = [figure for figure in results.figures_of(stored) if figure.name not in gone] + collected.figures
    sections = {**stored.get("sections", {}), name: record}
    return {**stored, **collected.kept, "sections": sections, "figures": results.packed(figures)}


def in_order(taken: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the results with the figures in the order of the sections `names`, those of one title together. A figure
    that no section has measured is dropped: the command that printed it is gone."""
    by_name = {figure.name: figure for figure in results.figures_of(taken)}
    sections = {name: taken["sections"][name] for name in names if name in taken["sections"]}
    figures = [by_name[it] for record in sections.values() for it in record["figures"] if it in by_name]
    return {**taken, "sections": sections, "figures": results.packed(_together(figures))}


def _together(figures: list[Figure]) -> list[Figure]:
    order = list(dict.fromkeys(figure.section for figure in figures))
    return sorted(figures, key=lambda figure: order.index(figure.section))


@contextmanager
def _limited(seconds: int) -> Generator[None, None, None]:
    """Raise SectionTimeoutError in the block when it takes longer: whatever it has started is ended on the way out."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise SectionTimeoutError(f"did not end within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
