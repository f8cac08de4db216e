"""What came of the hub's orders, durable: an order that comes again is not done again, and its result is told again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Final

from safety_core.canonical import canonical_bytes
from safety_core.edge.database import Database
from safety_core.wire.orders import OrderResult, order_result_from_json
from safety_core.wire.reader import Reader

SCHEMA: Final = """
PRAGMA cache_size = -128;
CREATE TABLE IF NOT EXISTS order_done (id TEXT PRIMARY KEY, at REAL NOT NULL, result BLOB NOT NULL) STRICT
"""

KEPT_SECONDS: Final = 30 * 86400.0
"""How long a result is remembered; an order lasts a day."""


class OrderLog:
    """Results in one SQLite file, which may be that of the approval cache."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> OrderLog:
        """Open or make the file. Raises UnavailableError."""
        return cls(Database(path, SCHEMA))

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def find(self, order: str) -> OrderResult | None:
        """Return what came of the order, None if it was not done yet."""
        find = "SELECT result FROM order_done WHERE id = ?"
        row = await self._database.read(lambda db: db.execute(find, (order,)).fetchone())
        return None if row is None else order_result_from_json(Reader(json.loads(row[0]), "result"))

    async def keep(self, order: str, result: OrderResult, now: float) -> None:
        """Remember what came of the order; the first result stays."""

        def job(db: sqlite3.Connection) -> None:
            row = (order, now, canonical_bytes(result.to_json()))
            db.execute("INSERT INTO order_done VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
            db.execute("DELETE FROM order_done WHERE at < ?", (now - KEPT_SECONDS,))

        await self._database.write(job)
