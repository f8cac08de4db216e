"""Opening a database, and its two kinds of transaction.

SQLite: WAL, synchronous=FULL (an acknowledged answer survives a power cut), `BEGIN IMMEDIATE` for every transaction
that may write (a deferred one fails at once when it upgrades while another writes), a busy timeout for other processes.
PostgreSQL: as it is; what must be serial is ordered by row locks.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from hub.errors import ConflictError
from hub.store.sqlite import BEGIN, LOOK, connect
from safety_core.errors import InputError, UnavailableError

BUSY_MILLISECONDS: Final = 10_000
"""How long a writer waits for another process; below what a client waits for us."""

CONNECTIONS: Final = 16
"""To PostgreSQL, one of which hears and sends words. More of them wait for the same rows and the same disk."""

READERS: Final = 8
"""Connections to SQLite: one writes at a time, the others read."""

IDLE_SECONDS: Final = 5.0
"""A connection that was idle for longer is asked whether it still stands: PostgreSQL may have been started anew."""

_PRAGMAS: Final = (
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)
_NO_SUCH_ROW: Final = "23503"
"""SQLSTATE of a foreign key that leads nowhere: a tenant that there is not, or not any more."""

_DATA: Final = "22"
"""Class of SQLSTATEs for values that PostgreSQL does not take, a zero character among them: whoever sent it is at
fault, and not the database."""

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. On SQLite, `write` is serial within this process: writers queue fairly instead of polling."""

    engine: AsyncEngine
    _turn: asyncio.Lock | None = field(repr=False)

    @property
    def shared(self) -> bool:
        """True where other processes of the hub may work on it at the same time, and can be told words."""
        return self._turn is None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Look, and change nothing. SQLite shows one state, PostgreSQL to each statement what is committed by then."""
        async with _translated(), self.engine.connect() as raw:
            if self.shared:  # what one statement sees needs no transaction around it: two ways there and back less
                yield await raw.execution_options(isolation_level="AUTOCOMMIT")
                return
            connection = await raw.execution_options(read_only=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one state of everything, and changes nothing."""
        if not self.shared:
            async with self.read() as connection:
                yield connection
            return
        async with _translated(), self.engine.connect() as raw:
            connection = await raw.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is durable once the block ends, and never happened if it raises."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_translated())
            if self._turn is not None:
                await stack.enter_async_context(self._turn)
            yield await stack.enter_async_context(self.engine.begin())

    async def close(self) -> None:
        """Let go of all connections."""
        await self.engine.dispose()


def open_database(url: str) -> Database:
    """Return the database at `url` ("sqlite:////var/lib/hub.db", "postgresql://user@/name?host=/run/postgresql")."""
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.get_backend_name()]
    except (ArgumentError, KeyError) as error:
        raise InputError("database URL", "must begin with sqlite: or postgresql:", "set SAFETY_HUB_DATABASE") from error
    if driver != _DRIVERS["sqlite"]:
        engine = create_async_engine(parsed.set(drivername=driver), pool_size=CONNECTIONS, max_overflow=CONNECTIONS)
        event.listen(engine.sync_engine, "checkout", _still_there)
        event.listen(engine.sync_engine, "checkin", _left)
        return Database(engine, None)
    _make_private(parsed.database)
    engine = create_async_engine(
        parsed.set(drivername=driver),
        pool_size=READERS,
        max_overflow=READERS,
        connect_args={"async_creator_fn": connect},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return Database(engine, asyncio.Lock())


def _make_private(file: str | None) -> None:
    """Make the file of SQLite for its owner alone, whatever folder it lies in; its WAL gets the same mode from it."""
    if file and file != ":memory:":
        with suppress(OSError):  # told by the first connection
            os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, in the connection's dialect. Whether it did anything: `.returning()`."""
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the INSERT of `insert_into`, for a statement that is made once for each dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Any) -> None:
    reading = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql(LOOK if reading else BEGIN)


def _left(_connection: Any, entry: ConnectionPoolEntry) -> None:
    entry.info["left"] = time.monotonic()


def _still_there(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """Ask a connection that was idle for a while whether its server is there; a new one takes its place if not."""
    if time.monotonic() - entry.info.get("left", time.monotonic()) > IDLE_SECONDS:
        try:
            connection.ping()
        except Exception as error:
            raise DisconnectionError from error


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None)
        state, words = str(getattr(cause, "sqlstate", "")), str(cause)
        if state == _NO_SUCH_ROW or "FOREIGN KEY" in words:
            raise ConflictError("message", "is about something that is not there", "load the page again") from error
        if state.startswith(_DATA):
            raise InputError("message", "holds a text or number that the database does not keep") from error
        raise UnavailableError(
            "hub database", f"failed ({type(error).__name__})", "check that the database runs, and its disk"
        ) from error
