"""The last posture that `safety doctor` handed over, durable: an edge that is started again still tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from safety_core.canonical import canonical_bytes
from safety_core.edge.database import Database
from safety_core.errors import InputError
from safety_core.wire.posture import Posture, posture_from

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS posture (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL) STRICT
"""


class PostureStore:
    """One posture in one SQLite file, which may be that of the approval cache; without one it is in memory alone.

    Attributes:
        last: None before the first.
    """

    def __init__(self, database: Database | None = None, last: Posture | None = None) -> None:
        self._database = database
        self.last = last

    @classmethod
    async def open(cls, path: Path) -> PostureStore:
        """Open or make the file, and read what is there; what another version wrote counts as none.

        Raises:
            UnavailableError: the file cannot be opened.
        """
        database = Database(path, SCHEMA)
        row = await database.read(lambda db: db.execute("SELECT body FROM posture").fetchone())
        try:
            return cls(database, None if row is None else posture_from(row[0]))
        except InputError:
            return cls(database)

    async def aclose(self) -> None:
        """Close the file."""
        if self._database is not None:
            await self._database.aclose()

    async def put(self, posture: Posture) -> None:
        """Keep this one in place of the last, whatever their times say: clocks are set back, too."""
        put = "INSERT INTO posture VALUES (1, ?) ON CONFLICT DO UPDATE SET body = excluded.body"
        row = (canonical_bytes(posture.to_json()),)
        if self._database is not None:
            await self._database.write(lambda db: db.execute(put, row))
        self.last = posture
