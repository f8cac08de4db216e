"""SQLite without a thread for every step: a short statement costs less than the way to another thread and back.

Statements of a writing transaction run where they stand: they touch single rows, by key. What may take long has the
connection's thread, in one step each: the wait for the writer before us, the commit with its sync to the disk, and
whatever a reading transaction asks for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiosqlite

BEGIN: Final = "BEGIN IMMEDIATE"
"""How a writing transaction begins."""

LOOK: Final = "BEGIN"
"""How one that only reads begins: no lock is taken before its first statement."""


class Connection(aiosqlite.Connection):
    """A connection whose cursors are ours."""

    writing = False
    busy = 0
    """Steps that the thread has not finished, also those that nobody waits for any more."""

    def cursor(self) -> Any:
        """Return a cursor; SQLAlchemy enters it as a context."""
        return _Cursor(self)

    async def in_thread(self, work: Callable[..., object], *arguments: object) -> None:
        """Do what may take long."""
        self.busy += 1
        await self._execute(self._done, work, *arguments)  # type: ignore[no-untyped-call]

    def _done(self, work: Callable[..., object], *arguments: object) -> None:
        try:
            work(*arguments)
        finally:
            self.busy -= 1

    async def commit(self) -> None:
        """Make it durable; where nothing was written there is nothing to wait for."""
        if not self.writing and not self.busy:
            self._conn.commit()
            return
        self.writing = False
        await super().commit()

    async def rollback(self) -> None:
        """Make it undone."""
        if not self.writing and not self.busy:
            self._conn.rollback()
            return
        self.writing = False
        await super().rollback()


def connect(path: str | Path, **options: Any) -> Connection:
    """Return a connection that opens once it is awaited, as aiosqlite's do."""
    connection = Connection(partial(sqlite3.connect, path, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy does with those that it makes
    return connection


class _Cursor:
    """One statement, and the rows that it gave."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection._conn.cursor()  # the connection beneath, which any thread may use
        self._rows: Sequence[Any] = ()
        self.arraysize = 1

    async def __aenter__(self) -> _Cursor:
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> _Cursor:
        if self._connection.writing or sql == LOOK:
            self._run(sql, parameters)
        else:
            await self._connection.in_thread(self._run, sql, parameters)
            self._connection.writing = sql == BEGIN
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> _Cursor:
        await self._connection.in_thread(self._cursor.executemany, sql, parameters)
        return self

    def _run(self, sql: str, parameters: Sequence[Any]) -> None:
        self._cursor.execute(sql, parameters)
        self._rows = self._cursor.fetchall() if self._cursor.description else ()

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        self._cursor.close()
