"""One SQLite file: every job on it is done whole or not at all, and is durable before it is answered.

A job is a plain function over `sqlite3.Connection`. Awaiting it may be cancelled at any point; the job itself is never
torn, as a `BEGIN` and a `COMMIT` awaited one by one would be (with aiosqlite, cancelling between them leaves the
transaction open).

Write-ahead log; what has been acknowledged survives a kill and a power cut, for `Disk` has waited for it. `BEGIN
IMMEDIATE`, repeated while it is taken: several processes take turns, where deferred transactions fail with "database is
locked".
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from safety_core.edge.disk import Disk
from safety_core.errors import UnavailableError

T = TypeVar("T")

BUSY_SECONDS: Final = 5.0
"""How long a writer waits for another process's transaction, which takes milliseconds."""

AGAIN_SECONDS: Final = 0.002
"""How long until it is tried again."""

MOVE_AFTER: Final = 500
"""Transactions after which the write-ahead log is moved into the file: some 10 MiB of it."""

BATCH: Final = 100
"""Jobs that are committed together at most: nobody waits for more than so many of others."""


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
        connection = _opened(path)
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


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


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


class Ledger(Protocol):
    """What has a word in every writing transaction. None of it takes long."""

    def seal(self, connection: sqlite3.Connection) -> None:
        """Write what covers all jobs of the transaction, just before it is committed."""

    def undone(self) -> None:
        """Forget what is known of the file: a transaction has been rolled back."""


class Database:
    """Runs jobs on one SQLite file. Close it with `aclose`, which waits for what is under way.

    A writing job is done and committed at once where it is asked for, in microseconds; what takes time is the disk, and
    that is waited for on a thread, before anybody is answered. Jobs that come meanwhile are committed together next:
    many share one wait, and each is whole or not at all. Reading jobs, and moving the write-ahead log into the file,
    go on beside that, on a connection of their own.
    """

    def __init__(self, path: Path, schema: str, grown: Sequence[Column] = (), ledger: Ledger | None = None) -> None:
        self._path = path
        self._ledger = ledger
        self._connection = connect(path, schema, grown)
        for setting in ("synchronous = NORMAL", "wal_autocheckpoint = 0", "busy_timeout = 0"):
            self._connection.execute(f"PRAGMA {setting}")
        self._second: sqlite3.Connection | None = None
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix=path.name)
        try:
            self._disk = Disk(path)
        except OSError as error:
            raise UnavailableError(str(path), f"has no write-ahead log ({type(error).__name__})") from error
        self._waiting: list[_Job[Any]] = []
        self._busy_since: float | None = None
        self._commits = 0
        self._moving = _Moving.NOT
        self._closed = False
        self._broken: UnavailableError | None = None

    def write(self, job: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Return what `job` returns, once what it wrote is durable; an exception in it undoes all that it wrote.

        It is under way when this returns: who waits for several waits for the slowest.

        Raises:
            UnavailableError: the database is full, locked or broken. What `job` itself raises comes through.
        """
        if self._broken is not None:
            raise self._broken
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(job, answer))
        if not self._disk.busy and self._busy_since is None and self._moving is not _Moving.REST:
            self._commit()
        return answer

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job`, which writes nothing, returns; it sees what has been written. Raises as `write` does."""
        if self._broken is not None:
            raise self._broken
        while self._waiting:
            await asyncio.wait([self._waiting[-1].answer])
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, self._beside, job)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    async def aclose(self) -> None:
        """Finish the jobs at hand and close the file."""
        if self._closed:
            return
        self._closed = True
        while self._waiting or self._moving is _Moving.REST:
            await (asyncio.wait([self._waiting[-1].answer]) if self._waiting else asyncio.sleep(AGAIN_SECONDS))
        self._broken = self._broken or UnavailableError(str(self._path), "is closed")
        await self._disk.aclose()
        await asyncio.get_running_loop().run_in_executor(self._reader, self._close)
        self._reader.shutdown(wait=False)

    def _beside(self, job: Callable[[sqlite3.Connection], T]) -> T:
        if self._second is None:
            self._second = _opened(self._path)
        return job(self._second)

    def _close(self) -> None:
        for connection in (self._second, self._connection):
            if connection is not None:
                connection.close()

    def _commit(self) -> None:
        """Do what waits as one transaction, and have the disk wait for it."""
        wanted = [job for job in self._waiting[:BATCH] if not job.answer.done()]
        if wanted and not self._begun():
            return
        del self._waiting[:BATCH]
        if wanted:
            _write(wanted, self._connection, self._ledger)
            self._disk.wait(partial(self._durable, wanted))
        elif self._waiting:
            self._commit()

    def _begun(self) -> bool:
        """Take the write lock. While another process has it, come back a little later."""
        loop = asyncio.get_running_loop()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            since = self._busy_since or loop.time()
            self._busy_since = since
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY and loop.time() - since < BUSY_SECONDS:
                loop.call_later(AGAIN_SECONDS, self._again)
            else:
                self._busy_since = None
                waiting, self._waiting = self._waiting, []
                for job in waiting:
                    job.error = error
                    job.tell(self._failed)
            return False
        self._busy_since = None
        return True

    def _again(self) -> None:
        if self._waiting:
            self._commit()
        else:
            self._busy_since = None

    def _durable(self, jobs: Sequence[_Job[Any]], error: OSError | None) -> None:
        """Answer, and go on with what has come meanwhile."""
        if error is not None:  # the system may have dropped what it could not write: nothing can be believed any more
            self._broken = UnavailableError(
                str(self._path), f"cannot be written ({error.strerror})", "look at the disk"
            )
            for job in (*jobs, *self._waiting):
                job.error = job.error or self._broken
            jobs, self._waiting = [*jobs, *self._waiting], []
        for job in jobs:
            job.tell(self._failed)
        self._commits += 1
        if self._commits > MOVE_AFTER and self._moving is _Moving.NOT and self._broken is None:
            self._move(_Moving.MOST)
        if self._moving is _Moving.SOON and not self._closed:
            self._move(_Moving.REST)
        elif self._waiting:
            self._commit()

    def _move(self, part: _Moving) -> None:
        """Move the write-ahead log into the file, so that it begins anew: most of it beside the writing, which takes
        long, and then what has come meanwhile while nobody writes, which takes no longer than a commit."""
        self._moving = part
        moved = asyncio.get_running_loop().run_in_executor(self._reader, self._beside, _moved)
        moved.add_done_callback(self._has_moved)

    def _has_moved(self, moved: asyncio.Future[None]) -> None:
        trouble = moved.cancelled() or moved.exception()  # then it is tried again some time
        if self._moving is _Moving.REST or trouble:
            self._moving = _Moving.NOT
            self._commits = 0
        else:
            self._moving = _Moving.SOON
        if self._disk.busy or self._busy_since is not None:
            return
        if self._moving is _Moving.SOON and not self._closed:
            self._move(_Moving.REST)
        elif self._waiting:
            self._commit()

    def _failed(self, error: sqlite3.Error) -> UnavailableError:
        return UnavailableError(str(self._path), f"failed ({error.sqlite_errorname})")


class _Moving(Enum):
    """How far the write-ahead log has been moved into the file."""

    NOT = "not"
    MOST = "most"
    SOON = "soon"
    REST = "rest"


@dataclass(slots=True)
class _Job(Generic[T]):
    """One job, who waits for it, and what came of it."""

    do: Callable[[sqlite3.Connection], T]
    answer: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None

    def attempt(self, connection: sqlite3.Connection) -> None:
        try:
            self.result = self.do(connection)
        except BaseException as error:  # noqa: BLE001 - told to who waits
            self.error = error

    def tell(self, translated: Callable[[sqlite3.Error], UnavailableError]) -> None:
        if self.answer.done():
            return
        if isinstance(self.error, sqlite3.Error):
            told = translated(self.error)
            told.__cause__ = self.error
            self.answer.set_exception(told)
        elif self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)  # type: ignore[arg-type]


def _write(jobs: Sequence[_Job[Any]], connection: sqlite3.Connection, ledger: Ledger | None) -> None:
    """Do the jobs of a transaction that has begun, each whole or not at all, and commit it."""
    try:
        for job in jobs:
            if len(jobs) == 1:
                job.attempt(connection)
                if job.error is not None:
                    raise job.error
            else:
                _apart(job, connection)
        if ledger is not None:
            ledger.seal(connection)
        connection.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - told to everybody who waits
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        if ledger is not None:
            ledger.undone()
        for job in jobs:
            job.error = job.error or error


def _apart(job: _Job[Any], connection: sqlite3.Connection) -> None:
    """Do one job of several. Raises where not only this one is undone."""
    connection.execute("SAVEPOINT job")
    job.attempt(connection)
    if job.error is not None:
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _moved(connection: sqlite3.Connection) -> None:
    """Move what the write-ahead log holds into the file; what others still read stays for the next time."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
