"""Usage over a span of time, summed up: what `safety usage report` asks the edge for, and gets.

GET /v1/usage?since=SECONDS&until=SECONDS&by=KEY   ->
    {"since", "until", "by", "rows": [{"key", "requests", "estimated", "unpriced", "cost", "saved", <counts>}],
     "step": seconds, "over_time": [{"at", "requests", "tokens", "cost"}], "breaks": {"all", "by_redaction"}}

Costs are nano-US-dollars. `saved`: what the provider's cache made cheaper; null where there is no price to tell it by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.usage import COUNTS, Usage
from safety_core.wire.reader import Reader

By: TypeAlias = Literal["agent", "model", "provider", "day", "hour", "day,model", "hour,model"]
BY: Final[tuple[By, ...]] = get_args(By)
"""What rows can be summed up by. A model's key is "provider/model"; a day's and an hour's the seconds it begins at; of
both together, "SECONDS provider/model"."""

MOST: Final = 2**63 - 1
ROWS: Final = 10_000
"""Rows of one report, and points of its course: a year of hours has 8,784."""

_NUMBER: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: hours that begin at `since` or later, and before `until` (seconds since the epoch)."""

    since: int
    until: int
    by: By = "model"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the sums of all that has the same key.

    Attributes:
        estimated, unpriced: how many of the requests had no counts of the provider's, and no price.
        cost: of the others, in nano-US-dollars.
        saved: what they would have cost more without the provider's cache; None where no price tells it.
    """

    key: str
    requests: int
    estimated: int
    unpriced: int
    totals: Usage
    cost: int
    saved: int | None = None

    def to_json(self) -> JsonObject:
        """Return the line."""
        return {
            "key": self.key,
            "requests": self.requests,
            "estimated": self.estimated,
            "unpriced": self.unpriced,
            **self.totals.counts(),
            "cost": self.cost,
            "saved": self.saved,
        }

    @property
    def hit_rate(self) -> float | None:
        """How much of the input came from the cache, None where there was no input."""
        return self.totals.cache_read / self.totals.input_total if self.totals.input_total else None


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the course: from `at` on, seconds since the epoch. `tokens`: input and output."""

    at: int
    requests: int
    tokens: int
    cost: int

    def to_json(self) -> JsonObject:
        """Return it as an object."""
        return {"at": self.at, "requests": self.requests, "tokens": self.tokens, "cost": self.cost}


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked for, and what there is.

    Attributes:
        step: seconds of one point of the course.
        breaks: prompt prefixes that broke since the edge began, and those of them by redaction; None: nobody knows.
    """

    asked: Asked
    rows: tuple[Row, ...]
    step: int
    over_time: tuple[Point, ...]
    breaks: tuple[int, int] | None = None

    def to_json(self) -> JsonObject:
        """Return the body of the answer."""
        rows: list[Json] = [row.to_json() for row in self.rows]
        points: list[Json] = [point.to_json() for point in self.over_time]
        breaks: JsonObject | None = None
        if self.breaks is not None:
            breaks = {"all": self.breaks[0], "by_redaction": self.breaks[1]}
        asked = self.asked
        return {
            "since": asked.since,
            "until": asked.until,
            "by": asked.by,
            "rows": rows,
            "step": self.step,
            "over_time": points,
            "breaks": breaks,
        }


def usage_of_counts(counts: Iterable[int]) -> Usage:
    """Return the usage with these counts, in the order of `COUNTS`."""
    put, got, read, written, written_1h, reasoning, tools = counts
    return Usage(put, got, read, written, written_1h, reasoning, tools)


def summed(rows: tuple[Row, ...], key: str) -> Row:
    """Return the sum of `rows`; what was saved as far as it is known."""
    counts = (sum(getattr(row.totals, name) for row in rows) for name in COUNTS)
    known = [row.saved for row in rows if row.saved is not None]
    return Row(
        key,
        sum(row.requests for row in rows),
        sum(row.estimated for row in rows),
        sum(row.unpriced for row in rows),
        usage_of_counts(counts),
        sum(row.cost for row in rows),
        sum(known) if known else None,
    )


def asked_from(query: bytes, now: float) -> Asked:
    """Return what a query asks for: by default the last seven days, by model.

    Raises:
        InputError: a parameter is unknown, doubled or wrong.
    """
    given: dict[str, str] = {}
    for part in query.decode("latin-1").split("&") if query else ():
        name, _, value = part.partition("=")
        if name in given or name not in {"since", "until", "by"}:
            raise InputError(f"query parameter {name[:20]!a}", "is unknown or given twice", "since, until, by")
        given[name] = value
    until = _seconds(given, "until", int(now) + 3600)
    since = _seconds(given, "since", max(0, int(now) - 7 * 86400))
    by = given.get("by", "model")
    if by not in BY:
        raise InputError("query parameter by", f"must be one of {', '.join(BY)}")
    return Asked(since, until, by)


def _seconds(given: dict[str, str], name: str, default: int) -> int:
    value = given.get(name, str(default))
    if not _NUMBER.fullmatch(value):
        raise InputError(f"query parameter {name}", "must be a number of seconds")
    return int(value)


def report_from(value: JsonObject) -> Report:
    """Return the report that an edge answered with, or raise InputError."""
    body = Reader(value, "usage")
    by = body.text("by")
    if by not in BY:
        raise InputError("usage.by", "is not known")
    asked = Asked(body.integer("since"), body.integer("until"), by)
    rows = tuple(_row(row) for row in body.objects("rows", limit=ROWS))
    points = tuple(_point(point) for point in body.objects("over_time", limit=ROWS))
    breaks = None
    if body.has("breaks"):
        found = body.object("breaks")
        breaks = (found.integer("all"), found.integer("by_redaction"))
    return Report(asked, rows, body.integer("step"), points, breaks)


def _row(row: Reader) -> Row:
    totals = usage_of_counts(row.integer(name, maximum=MOST) for name in COUNTS)
    saved = row.integer("saved", minimum=-MOST, maximum=MOST) if row.has("saved") else None
    requests, estimated, unpriced = (row.integer(name, maximum=MOST) for name in ("requests", "estimated", "unpriced"))
    return Row(row.text("key"), requests, estimated, unpriced, totals, row.integer("cost", maximum=MOST), saved)


def _point(point: Reader) -> Point:
    return Point(*(point.integer(name, maximum=MOST) for name in ("at", "requests", "tokens", "cost")))
