"""What became of questions, on its way to the hub: written down in the transaction in which it became so."""

from __future__ import annotations

import sqlite3
from typing import Final

from safety_core.canonical import canonical_bytes
from safety_core.model.approval import Report
from safety_core.wire.feed import REPORTS, report_from_json, report_to_json
from safety_core.wire.reader import Reader

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS approval_report (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    body    BLOB NOT NULL
) STRICT
"""

KEPT: Final = 20_000
"""Reports that wait for a hub at most; the oldest go. Without a hub nobody ever takes them: some MiB."""


def add(report: Report, db: sqlite3.Connection) -> None:
    """Put a report last."""
    body = canonical_bytes(report_to_json(report))
    done = db.execute("INSERT INTO approval_report (body) VALUES (?)", (body,))
    db.execute("DELETE FROM approval_report WHERE ordinal <= ?", ((done.lastrowid or 0) - KEPT,))


def waiting(db: sqlite3.Connection) -> tuple[int, tuple[Report, ...]]:
    """Return the oldest reports, as many as one message holds, and the place of the last one; 0 where there is none."""
    query = "SELECT ordinal, body FROM approval_report ORDER BY ordinal LIMIT ?"
    found = db.execute(query, (REPORTS,)).fetchall()
    reports = tuple(report_from_json(Reader.parse(body, "stored report")) for _, body in found)
    return found[-1][0] if found else 0, reports


def sent(place: int, db: sqlite3.Connection) -> None:
    """Forget the reports up to `place`: the hub has them."""
    db.execute("DELETE FROM approval_report WHERE ordinal <= ?", (place,))
