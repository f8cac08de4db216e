"""Who has written to which agent, in which session: durable, so that a job which an approval wakes after a restart can
still answer whoever asked for it.

Kept as digests of 16 bytes, which say where a message came from only to whoever can name it. What a power cut takes is
asked about again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from safety_core.edge.database import Database

SECONDS: Final = 30 * 86400.0
"""How long somebody who wrote may be answered."""

MOST: Final = 20_000
"""Correspondents that are kept; those who have not written for longest go first."""

_SWEEP: Final = 500
"""Every so many writes the old ones are swept out."""

_DIGEST_BYTES: Final = 16

SCHEMA: Final = """
PRAGMA cache_size = -512;
CREATE TABLE IF NOT EXISTS wrote (id BLOB PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS wrote_by_time ON wrote (at)
"""


class CorrespondentStore:
    """Who wrote, in one SQLite file. A place is (agent, session, channel, address)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = 0

    @classmethod
    async def open(cls, path: Path) -> CorrespondentStore:
        """Open or make the file. Raises UnavailableError."""
        database = Database(path, SCHEMA)
        await database.read(lambda db: db.execute("PRAGMA synchronous = NORMAL"))
        return cls(database)

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def heard(self, place: Sequence[str], now: float) -> None:
        """Note that somebody wrote from `place`. Raises UnavailableError."""
        self._written += 1
        await self._database.write(partial(_put, _digest(place), now, self._written % _SWEEP == 1))

    async def wrote(self, place: Sequence[str], now: float) -> bool:
        """Tell whether somebody has written from `place`, and not too long ago. Raises UnavailableError."""
        found, values = "SELECT 1 FROM wrote WHERE id = ? AND at BETWEEN ? AND ?", (_digest(place), now - SECONDS, now)
        return await self._database.read(lambda db: db.execute(found, values).fetchone() is not None)


def _digest(place: Sequence[str]) -> bytes:
    return hashlib.sha256(json.dumps([*place]).encode()).digest()[:_DIGEST_BYTES]


def _put(digest: bytes, now: float, sweep: bool, db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO wrote VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", (digest, now))
    if sweep:
        db.execute("DELETE FROM wrote WHERE at < ?", (now - SECONDS,))
        db.execute("DELETE FROM wrote WHERE id IN (SELECT id FROM wrote ORDER BY at DESC LIMIT -1 OFFSET ?)", (MOST,))
