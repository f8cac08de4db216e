"""Usage over a span of time, summed up by the database that holds it. See `safety_core.wire.usage_report`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final, TypeAlias

from safety_core.edge.usage_store import HOUR, UsageStore
from safety_core.errors import LimitError
from safety_core.model.usage import COUNTS, Usage
from safety_core.wire.usage_report import ROWS, Asked, By, Point, Report, Row, summed, usage_of_counts

Cost: TypeAlias = "Callable[[str, str, Usage, float], int | None]"
"""Provider, model, usage and time (seconds since the epoch) -> nano-US-dollars, or None."""

DAY: Final = 86400
FEW_HOURS: Final = 72
"""Up to so many hours, the course is told by the hour."""

_KEYS: Final[Mapping[By, str]] = {
    "agent": "agent",
    "model": "provider || '/' || model",
    "provider": "provider",
    "day": "hour - hour % 86400",
    "hour": "hour",
    "day,model": "(hour - hour % 86400) || ' ' || provider || '/' || model",
    "hour,model": "hour || ' ' || provider || '/' || model",
}
_SUMS: Final = ", ".join(f"sum({name})" for name in ("requests", "estimated", "unpriced", *COUNTS, "cost"))
_BY_MODEL: Final = (
    "SELECT {key}, provider, model, {sums} FROM usage_bucket WHERE hour >= ? AND hour < ? GROUP BY 1, 2, 3 ORDER BY 1"
)
_OVER_TIME: Final = """
SELECT hour - hour % ?, sum(requests), sum(input_total + output_total), sum(cost)
FROM usage_bucket WHERE hour >= ? AND hour < ? GROUP BY 1 ORDER BY 1
"""


async def usage_report(store: UsageStore, asked: Asked, cost: Cost | None = None) -> Report:
    """Return the report.

    Args:
        cost: tells what usage costs now, for what the provider's cache has saved; None: nobody knows.

    Raises:
        LimitError: it would have too many rows.
        UnavailableError: the store cannot be read.
    """
    return await store.read(partial(_report, asked, cost))


def _report(asked: Asked, cost: Cost | None, db: sqlite3.Connection) -> Report:
    step = HOUR if asked.until - asked.since <= FEW_HOURS * HOUR else DAY
    query = _BY_MODEL.format(key=_KEYS[asked.by], sums=_SUMS)
    found = db.execute(query, (asked.since, asked.until)).fetchmany(ROWS + 1)
    points = db.execute(_OVER_TIME, (step, asked.since, asked.until)).fetchmany(ROWS + 1)
    if max(len(found), len(points)) > ROWS:
        raise LimitError("usage report", f"would have more than {ROWS} rows", "ask for a shorter time, or by day")
    rows = (_row(row, asked.since, cost) for row in found)
    by_key = (summed(tuple(group), key) for key, group in groupby(rows, lambda row: row.key))
    return Report(asked, tuple(by_key), step, tuple(Point(*point) for point in points))


def _row(row: tuple[str | int, ...], now: float, cost: Cost | None) -> Row:
    key, provider, model, *numbers = row
    requests, estimated, unpriced, *counts, paid = map(int, numbers)
    totals = usage_of_counts(counts)
    saved = _saved(str(provider), str(model), totals, requests, now, cost) if cost else None
    return Row(str(key), requests, estimated, unpriced, totals, paid, saved)


def _saved(provider: str, model: str, totals: Usage, requests: int, now: float, cost: Cost) -> int | None:
    """Return the price of what came from the cache as other input, less what it did cost: of the mean request, for
    prices depend on a request's size, so it is about right where requests differ much."""
    if not totals.cache_read:
        return 0
    mean = usage_of_counts(count // max(requests, 1) for count in totals.counts().values())
    paid, full = (cost(provider, model, usage, now) for usage in (mean, replace(mean, cache_read=0)))
    return None if paid is None or full is None else (full - paid) * requests


def filled(report: Report) -> Iterator[Point]:
    """Yield every step of the course, those without any usage too."""
    known = {point.at: point for point in report.over_time}
    if known:
        for at in range(min(known), max(known) + 1, report.step):
            yield known.get(at, Point(at, 0, 0, 0))
