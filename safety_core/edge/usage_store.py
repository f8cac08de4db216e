"""What model calls consumed, in hourly buckets, each response counted once.

Every change takes the next number of one sequence that never goes back. A bucket carries the number of its last change,
so what the hub has not confirmed is what lies behind the last confirmed number, and a report that arrives twice changes
nothing there.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from safety_core.edge.database import Column, Database
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import COUNTS, MODEL_LENGTH, Booking, Usage, UsageBucket

T = TypeVar("T")

HOUR: Final = 3600
REMEMBERED_SECONDS: Final = 30 * 24 * HOUR
"""How long a request's id is known, so that a late repetition is not counted. A batch's results may be fetched
for 29 days (Anthropic)."""
REPORT_BUCKETS: Final = 500
"""Buckets in one report to the hub."""

MOST: Final = 2**53
"""No total of a bucket grows past this: the hub takes no more, and a table of whole numbers no sum that overflows."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS usage_bucket (
    hour INTEGER NOT NULL, agent TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
    sequence INTEGER NOT NULL, requests INTEGER NOT NULL, estimated INTEGER NOT NULL,
    input_total INTEGER NOT NULL, output_total INTEGER NOT NULL, cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    tool_prompt INTEGER NOT NULL, cost INTEGER NOT NULL, unpriced INTEGER NOT NULL,
    PRIMARY KEY (hour, agent, provider, model)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS usage_by_sequence ON usage_bucket (sequence);
CREATE TABLE IF NOT EXISTS usage_request (id TEXT PRIMARY KEY, hour INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS usage_request_by_hour ON usage_request (hour);
CREATE TABLE IF NOT EXISTS usage_sequence (
    one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, sent INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO usage_sequence VALUES (1, 0, 0);
UPDATE usage_bucket SET unpriced = requests WHERE unpriced < 0
"""
GROWN: Final = (
    Column("usage_bucket", "cost", "INTEGER NOT NULL DEFAULT 0"),
    Column("usage_bucket", "unpriced", "INTEGER NOT NULL DEFAULT -1"),
)
"""What an earlier version booked had no price: the last statement of the schema says so."""

ROWS: Final = """
SELECT hour, agent, provider, model, sequence, requests, estimated, cost, unpriced,
    input_total, output_total, cache_read, cache_write, cache_write_1h, reasoning, tool_prompt FROM usage_bucket
"""
UNNAMED: Final = "unknown"
"""The model of an answer that does not say which it is of."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
"""What stands in no name of a model, and the hub takes in none. Providers state names, too."""

_GROWING: Final = ("requests", "estimated", *COUNTS, "cost", "unpriced")
COUNT: Final = f"""
INSERT INTO usage_bucket VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    sequence = excluded.sequence, {", ".join(f"{name} = min({name} + excluded.{name}, {MOST})" for name in _GROWING)}
"""  # noqa: S608  # names and a number of our own


class UsageStore:
    """Usage in one SQLite file; the file may be that of the approval cache."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> UsageStore:
        """Open or make the file."""
        return cls(Database(path, SCHEMA, GROWN))

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def add(self, booking: Booking, now: float) -> bool:
        """Count one response, durably. Tell whether it was counted: False for an id that has been."""
        return await self._database.write(partial(_add, booking, int(now)))

    async def spent(self, since: float) -> dict[AgentId, tuple[int, int]]:
        """Return, by agent, the tokens (input and output) and the nano-dollars of the hours from `since` on."""
        total = "SELECT agent, sum(input_total + output_total), sum(cost) FROM usage_bucket WHERE hour >= ? GROUP BY 1"
        rows = await self._database.read(lambda db: db.execute(total, (int(since),)).fetchall())
        return {AgentId(agent): (tokens, cost) for agent, tokens, cost in rows}

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` reads in one transaction. Raises UnavailableError."""
        return await self._database.read(job)

    async def unsent(self) -> tuple[UsageBucket, ...]:
        """Return what has changed since the last confirmed report, by growing sequence, at most one report's worth."""
        return await self._database.read(_unsent)

    async def mark_sent(self, sequence: int) -> None:
        """Confirm every change up to `sequence`: the largest one of a report that has arrived."""
        confirm = "UPDATE usage_sequence SET sent = max(sent, ?)"
        await self._database.write(lambda db: db.execute(confirm, (sequence,)))


def _add(booking: Booking, now: int, db: sqlite3.Connection) -> bool:
    hour = now - now % HOUR
    new = "INSERT OR IGNORE INTO usage_request VALUES (?, ?) RETURNING id"
    if db.execute(new, (booking.request, hour)).fetchone() is None:
        return False
    db.execute("DELETE FROM usage_request WHERE hour < ?", (hour - REMEMBERED_SECONDS,))
    sequence = db.execute("UPDATE usage_sequence SET last = last + 1 RETURNING last").fetchone()[0]
    model = _CONTROL.sub("?", booking.model)[:MODEL_LENGTH] or UNNAMED
    key = (hour, booking.agent, booking.provider, model, sequence, int(booking.usage.estimated))
    db.execute(COUNT, (*key, *booking.usage.counts().values(), min(booking.cost or 0, MOST), int(booking.cost is None)))
    return True


def _unsent(db: sqlite3.Connection) -> tuple[UsageBucket, ...]:
    where = " WHERE sequence > (SELECT sent FROM usage_sequence) ORDER BY sequence LIMIT ?"
    rows: Sequence[tuple[int, str, str, str, int, int, int, int, int, int, int, int, int, int, int, int]]
    rows = db.execute(ROWS + where, (REPORT_BUCKETS,)).fetchall()
    return tuple(
        UsageBucket(
            hour, AgentId(agent), provider, model, sequence, requests, estimated, Usage(*totals), cost, unpriced
        )
        for hour, agent, provider, model, sequence, requests, estimated, cost, unpriced, *totals in rows
    )
