"""What the edge has witnessed of agents' runs, durable: which turns were announced, and which calls were decided.

Both are kept as digests of 16 bytes, so that a hundred thousand calls take a few megabytes of disk, and nothing that a
caller sends can make more of it. A call that a conversation still brings up is kept: what is old is what no request
has mentioned for long.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from safety_core.edge.database import Database
from safety_core.model.tool_call import AgentId

TURN_SECONDS: Final = 48 * 3600.0
"""How long a turn may go on after it was announced: two days, over which a person may sleep on an approval."""

CALL_SECONDS: Final = 90 * 86400.0
"""How long a call is remembered after it was last mentioned: a conversation may rest for a holiday."""

TURNS: Final = 20_000
CALLS: Final = 200_000
"""How many are kept at most; the oldest go first. A busy agent makes a few thousand calls a day."""

FRESH_SECONDS: Final = 86400.0
"""A call that is mentioned is written down anew once a day, not with every request."""

_SWEEP: Final = 500
"""Every so many writes the old ones are swept out."""

_DIGEST_BYTES: Final = 16

SCHEMA: Final = """
PRAGMA cache_size = -512;
CREATE TABLE IF NOT EXISTS announced (id BLOB PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS announced_by_time ON announced (at);
CREATE TABLE IF NOT EXISTS decided (id BLOB PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS decided_by_time ON decided (at)
"""
_PUT: Final = "INSERT INTO {table} VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at"
_OLD: Final = "DELETE FROM {table} WHERE at < ?"
_MANY: Final = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY at DESC LIMIT -1 OFFSET ?)"
_LIFE: Final = {"announced": (TURN_SECONDS, TURNS), "decided": (CALL_SECONDS, CALLS)}


class WitnessStore:
    """What was witnessed, in one SQLite file; the file may be that of the approval cache.

    What has been acknowledged survives a kill. A power cut may take the last moments with it: the machine's agents end
    with it too, and at worst one of their conversations must begin anew. So nobody waits here for the disk.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = 0

    @classmethod
    async def open(cls, path: Path) -> WitnessStore:
        """Open or make the file. Raises UnavailableError."""
        database = Database(path, SCHEMA)
        await database.read(lambda db: db.execute("PRAGMA synchronous = NORMAL"))
        return cls(database)

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def announce(self, agent: AgentId, trace: str, now: float) -> None:
        """Note that a turn of `agent` comes under this trace id."""
        await self._note("announced", [_digest(agent, trace)], now)

    async def announced(self, agent: AgentId, trace: str, now: float) -> bool:
        """Tell whether the turn was announced, and not too long ago."""
        found = "SELECT 1 FROM announced WHERE id = ? AND at >= ?"
        values = (_digest(agent, trace), now - TURN_SECONDS)
        return await self._database.read(lambda db: db.execute(found, values).fetchone() is not None)

    async def decide(self, agent: AgentId, spellings: Collection[str], now: float) -> None:
        """Note that a call of `agent` under these spellings of its id is being decided."""
        await self._note("decided", [_digest(agent, spelling) for spelling in spellings], now)

    async def decided(self, agent: AgentId, spellings: Collection[str], now: float) -> frozenset[str]:
        """Return those of `spellings` whose calls were decided, and keep them for another while."""
        asked = {_digest(agent, spelling): spelling for spelling in spellings}
        known = await self._database.read(partial(_known, tuple(asked)))
        aging = [digest for digest, at in known if at < now - FRESH_SECONDS]
        if aging:
            await self._note("decided", aging, now)
        return frozenset(asked[digest] for digest, _ in known)

    async def _note(self, table: str, digests: Sequence[bytes], now: float) -> None:
        self._written += 1
        sweep = self._written % _SWEEP == 1
        await self._database.write(partial(_put, table, digests, now, sweep))


def _digest(agent: AgentId, name: str) -> bytes:
    return hashlib.sha256(f"{agent}\0{name}".encode()).digest()[:_DIGEST_BYTES]


def _known(digests: Sequence[bytes], db: sqlite3.Connection) -> list[tuple[bytes, float]]:
    """Return the digests that are there, with their times. One statement each: faster than a long IN."""
    rows = (db.execute("SELECT id, at FROM decided WHERE id = ?", (digest,)).fetchone() for digest in digests)
    return [row for row in rows if row is not None]


def _put(table: str, digests: Sequence[bytes], now: float, sweep: bool, db: sqlite3.Connection) -> None:
    for digest in digests:
        db.execute(_PUT.format(table=table), (digest, now))
    if sweep:
        seconds, rows = _LIFE[table]
        db.execute(_OLD.format(table=table), (now - seconds,))
        db.execute(_MANY.format(table=table), (rows,))
