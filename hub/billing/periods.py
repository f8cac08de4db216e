"""Billing periods: months in UTC that begin on a tenant's own day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from safety_core.errors import InputError

LAST_ANCHOR: Final = 28
"""The last day that every month has."""


@dataclass(frozen=True, slots=True)
class Period:
    """Seconds since the epoch: from `start`, up to but without `end`. Both are the start of a UTC day."""

    start: int
    end: int

    @property
    def name(self) -> str:
        """The day on which it begins ("2026-11-01"), as it stands in addresses and tables."""
        return f"{datetime.fromtimestamp(self.start, UTC):%Y-%m-%d}"


def period_at(at: float, anchor: int) -> Period:
    """Return the period that holds the moment `at`. `anchor`: the day on which it begins, 1 to 28.

    Raises:
        InputError: no such day.
    """
    if not 1 <= anchor <= LAST_ANCHOR:
        raise InputError("billing day", f"must lie in 1 to {LAST_ANCHOR}")
    day = datetime.fromtimestamp(at, UTC)
    month = day.year * 12 + day.month - 1 - (day.day < anchor)
    return Period(_start(month, anchor), _start(month + 1, anchor))


def named(name: str, anchor: int) -> Period:
    """Return the period that begins on the day `name`, or raise InputError where none does."""
    try:
        start = datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
        period = period_at(start, anchor)
    except (ValueError, OverflowError) as error:  # the first and the last month of the calendar have no whole period
        raise InputError("period", "must be the day on which it begins, such as 2026-11-01") from error
    if period.start != start:
        raise InputError("period", f"begins on {period.name} here, not on {name}")
    return period


def before(period: Period, anchor: int) -> Period:
    """Return the period before."""
    return period_at(period.start - 1, anchor)


def _start(month: int, anchor: int) -> int:
    year, index = divmod(month, 12)
    return int(datetime(year, index + 1, anchor, tzinfo=UTC).timestamp())
