"""Bringing a database to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from hub.store.engine import Database
from safety_core.errors import InputError, UnavailableError

_LOCK: Final = 0x5AFE_6A7E
"""One hub migrates at a time: an advisory lock on PostgreSQL; on SQLite the transaction is exclusive anyway."""


async def migrate(database: Database) -> None:
    """Bring the database to the newest schema; nothing happens if it is.

    Raises:
        InputError: a newer hub has made it.
        UnavailableError: it cannot be used. It is named, for whoever starts the hub: later, clients hear errors too.
    """
    try:
        async with database.write() as connection:
            await connection.run_sync(_upgrade)
    except UnavailableError as error:
        place = database.engine.url.render_as_string(hide_password=True)
        raise UnavailableError(f"hub database {place}", error.reason, error.fix) from error


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    try:
        command.upgrade(config_for(connection), "head")
    except CommandError as error:  # it names a revision that we do not have
        fix = "install that hub again, or restore the backup from before it"
        raise InputError("hub database", "was made by a newer hub", fix) from error


def config_for(connection: Connection) -> Config:
    """Return what alembic needs to work on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
