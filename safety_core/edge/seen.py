"""Names that were seen of late, durable: small, bounded, and telling nothing to whoever cannot name them.

A name is kept as a digest of 16 bytes with the time when it was last noted, so that a hundred thousand take a few
megabytes of disk, and nothing that a caller sends can make more of it.

What has been acknowledged survives a kill. A power cut may take the last moments with it: so nobody waits here for the
disk.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from safety_core.edge.database import Database

Name: TypeAlias = tuple[str, ...]

_SWEEP: Final = 500
"""Every so many writes the old ones are swept out."""

_DIGEST_BYTES: Final = 16

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS {table} (id BLOB PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {table}_by_time ON {table} (at)
"""
_PUT: Final = "INSERT INTO {table} VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at"
_FIND: Final = "SELECT at FROM {table} WHERE id = ?"
_OLD: Final = "DELETE FROM {table} WHERE at < ?"
_MANY: Final = "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY at DESC LIMIT -1 OFFSET ?)"


async def open_seen(path: Path, *tables: str) -> Database:
    """Open or make a file with these tables; the file may have others. Raises UnavailableError."""
    database = Database(path, ";".join(("PRAGMA cache_size = -512", *(_TABLE.format(table=each) for each in tables))))
    await database.read(lambda db: db.execute("PRAGMA synchronous = NORMAL"))
    return database


class Seen:
    """One table of a file that `open_seen` has opened.

    Attributes:
        seconds: how long a name is kept after it was last noted.
        most: how many are kept; those that were not noted for longest go first.
    """

    def __init__(self, database: Database, table: str, seconds: float, most: int) -> None:
        self.seconds = seconds
        self.most = most
        self._database = database
        self._table = table
        self._written = 0

    async def note(self, names: Collection[Name], now: float) -> None:
        """Note that these names were seen. Raises UnavailableError."""
        self._written += 1
        sweep = self._written % _SWEEP == 1
        await self._database.write(partial(self._put, [*map(_digest, names)], now, sweep))

    async def times(self, names: Collection[Name]) -> Mapping[Name, float]:
        """Return those of `names` that are kept, and when each was last noted. Raises UnavailableError."""
        asked = {_digest(name): name for name in names}
        known = await self._database.read(partial(self._known, tuple(asked)))
        return {asked[digest]: at for digest, at in known}

    def _put(self, digests: Sequence[bytes], now: float, sweep: bool, db: sqlite3.Connection) -> None:
        db.executemany(_PUT.format(table=self._table), [(digest, now) for digest in digests])
        if sweep:
            db.execute(_OLD.format(table=self._table), (now - self.seconds,))
            db.execute(_MANY.format(table=self._table), (self.most,))

    def _known(self, digests: Sequence[bytes], db: sqlite3.Connection) -> list[tuple[bytes, float]]:
        """One statement each: faster than a long IN."""
        find = _FIND.format(table=self._table)
        found = ((digest, db.execute(find, (digest,)).fetchone()) for digest in digests)
        return [(digest, row[0]) for digest, row in found if row is not None]


def _digest(name: Name) -> bytes:
    return hashlib.sha256(json.dumps(name).encode()).digest()[:_DIGEST_BYTES]
