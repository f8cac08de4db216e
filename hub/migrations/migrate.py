"""Bringing a database to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from hub.store.engine import Database

_LOCK: Final = 0x5AFE_6A7E
"""One hub migrates at a time: an advisory lock on PostgreSQL; on SQLite the transaction is exclusive anyway."""


async def migrate(database: Database) -> None:
    """Bring the database to the newest schema; nothing happens if it is."""
    async with database.write() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    command.upgrade(config_for(connection), "head")


def config_for(connection: Connection) -> Config:
    """Return what alembic needs to work on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
