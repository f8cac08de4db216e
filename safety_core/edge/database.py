"""One SQLite file, one connection, one thread: every transaction is one job, done whole or not at all.

A job is a plain function over `sqlite3.Connection`. Awaiting it may be cancelled at any point; the job itself is never
torn, as a `BEGIN` and a `COMMIT` awaited one by one would be (with aiosqlite, cancelling between them leaves the
transaction open; a job per transaction is also the faster of the two).

Write-ahead log with synchronous=FULL: what has been acknowledged survives a kill and a power cut. `BEGIN IMMEDIATE`
with a busy timeout: several processes take turns, where deferred transactions fail with "database is locked".
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from safety_core.errors import UnavailableError

T = TypeVar("T")

BUSY_SECONDS: Final = 5.0
"""How long a writer waits for another process's transaction, which takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a table of an earlier version lacks. `kind`: its type, NOT NULL and DEFAULT, as SQL has it."""

    table: str
    name: str
    kind: str


def connect(path: Path, schema: str, grown: Sequence[Column] = ()) -> sqlite3.Connection:
    """Return a connection to `path` (made 0600 when missing) on which `schema` holds.

    The connection may move between threads, one at a time; transactions are begun explicitly (`writing`).

    Args:
        grown: columns of `schema` that a file of an earlier version may lack; they are added.

    Raises:
        UnavailableError: the file cannot be opened, or is not a database.
    """
    try:
        _make(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise UnavailableError(str(path), f"cannot be opened ({type(error).__name__})") from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        with writing(connection):
            for column in grown:
                _grow(connection, column)
            for statement in schema.split(";"):
                connection.execute(statement)
    except sqlite3.Error as error:
        connection.close()
        raise UnavailableError(str(path), f"is not usable ({error})", "restore it from your backup") from error
    return connection


def _make(path: Path) -> None:
    """Make the file, only for its owner. One that is there is not touched: to close it would give up all locks of this
    process on it (POSIX), and another process that looks in would take the write-ahead log away from its connections.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _grow(connection: sqlite3.Connection, column: Column) -> None:
    """Add the column where the table is there without it; a table that is not there yet is made with it."""
    have = {row[1] for row in connection.execute(f"PRAGMA table_info({column.table})")}
    if have and column.name not in have:
        connection.execute(f"ALTER TABLE {column.table} ADD COLUMN {column.name} {column.kind}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block as one transaction that holds the write lock from its beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


class Database:
    """Runs jobs on one SQLite file. Close it with `aclose`, which waits for the job at hand."""

    def __init__(self, path: Path, schema: str, grown: Sequence[Column] = ()) -> None:
        self._path = path
        self._connection = connect(path, schema, grown)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=path.name)

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returns, once what it wrote is durable; an exception in it undoes everything.

        Raises:
            UnavailableError: the database is full, locked or broken. What `job` itself raises comes through.
        """

        def whole(connection: sqlite3.Connection) -> T:
            with writing(connection):
                return job(connection)

        return await self.read(whole)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job`, which writes nothing, returns; raises as `write` does."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job, self._connection)
        except sqlite3.Error as error:
            raise UnavailableError(str(self._path), f"failed ({error.sqlite_errorname})") from error

    async def aclose(self) -> None:
        """Finish the job at hand and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)
