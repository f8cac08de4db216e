"""One SQLite file, one connection, one thread: every job is done whole or not at all.

A job is a plain function over `sqlite3.Connection`. Awaiting it may be cancelled at any point; the job itself is never
torn, as a `BEGIN` and a `COMMIT` awaited one by one would be (with aiosqlite, cancelling between them leaves the
transaction open).

Write-ahead log with synchronous=FULL: what has been acknowledged survives a kill and a power cut. `BEGIN IMMEDIATE`
with a busy timeout: several processes take turns, where deferred transactions fail with "database is locked".
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import weakref
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol, TypeVar

from safety_core.errors import UnavailableError

T = TypeVar("T")

BUSY_SECONDS: Final = 5.0
"""How long a writer waits for another process's transaction, which takes milliseconds."""

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


class Ledger(Protocol):
    """What has a word in every writing transaction. All of it is called on the database's own thread."""

    def seal(self, connection: sqlite3.Connection) -> None:
        """Write what covers all jobs of the transaction, just before it is committed."""

    def undone(self) -> None:
        """Forget what is known of the file: a transaction has been rolled back."""


class Database:
    """Runs jobs on one SQLite file. Close it with `aclose`, which waits for the job at hand.

    Jobs that wait while another one becomes durable are committed together: many share one write to the disk, and each
    is whole or not at all.
    """

    def __init__(self, path: Path, schema: str, grown: Sequence[Column] = (), ledger: Ledger | None = None) -> None:
        self._path = path
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._connection = connect(path, schema, grown)
        self._closed = False
        Thread(target=_work, args=(self._jobs, self._connection, ledger), name=path.name, daemon=True).start()
        weakref.finalize(self, self._jobs.put, _Job(_Kind.END, _nothing, None))

    def write(self, job: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Return what `job` returns, once what it wrote is durable; an exception in it undoes all that it wrote.

        It is under way when this returns: who waits for several waits for the slowest.

        Raises:
            UnavailableError: the database is full, locked or broken. What `job` itself raises comes through.
        """
        return self._asked(_Kind.WRITE, job)

    def read(self, job: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Return what `job`, which writes nothing, returns; raises as `write` does."""
        return self._asked(_Kind.READ, job)

    async def aclose(self) -> None:
        """Finish the jobs at hand and close the file."""
        if not self._closed:
            closed = self._asked(_Kind.END, _nothing)
            self._closed = True
            await closed

    def _asked(self, kind: _Kind, job: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        if self._closed:
            raise UnavailableError(str(self._path), "is closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(kind, job, answer, self._path))
        return answer


class _Kind(Enum):
    WRITE = "write"
    READ = "read"
    END = "end"


@dataclass(slots=True)
class _Job:
    """One job, who waits for it, and what came of it. `answer` is None where nobody waits."""

    kind: _Kind
    do: Callable[[sqlite3.Connection], Any]
    answer: asyncio.Future[Any] | None
    path: Path | None = None
    result: Any = None
    error: BaseException | None = None

    @property
    def forgone(self) -> bool:
        """True once nobody waits any more."""
        return self.answer is not None and self.answer.cancelled()

    def tell(self) -> None:
        """Answer, on the loop of who waits."""
        answer = self.answer
        if answer is None or answer.done():
            return
        if isinstance(self.error, sqlite3.Error):
            told = UnavailableError(str(self.path), f"failed ({self.error.sqlite_errorname})")
            told.__cause__ = self.error
            answer.set_exception(told)
        elif self.error is not None:
            answer.set_exception(self.error)
        else:
            answer.set_result(self.result)


def _nothing(connection: sqlite3.Connection) -> None:
    """Write and read nothing."""


def _work(jobs: SimpleQueue[_Job], connection: sqlite3.Connection, ledger: Ledger | None) -> None:
    """Do jobs in their order until the last one: the body of the database's thread."""
    for batch in _batches(jobs):
        if batch[0].kind is _Kind.WRITE:
            _write(batch, connection, ledger)
        elif batch[0].kind is _Kind.READ:
            _attempt(batch[0], connection)
        else:
            connection.close()
        _tell(batch)
        if batch[0].kind is _Kind.END:
            return
        batch.clear()  # what they hold is not kept until the next one comes


def _batches(jobs: SimpleQueue[_Job]) -> Iterator[list[_Job]]:
    """Yield jobs in their order: those together that write and wait, every other one by itself."""
    held: _Job | None = None
    while True:
        batch, held = [held or jobs.get()], None
        while batch[0].kind is _Kind.WRITE and held is None and len(batch) < BATCH and not jobs.empty():
            job = jobs.get()
            if job.kind is _Kind.WRITE:
                batch.append(job)
            else:
                held = job
        yield batch


def _write(batch: Sequence[_Job], connection: sqlite3.Connection, ledger: Ledger | None) -> None:
    """Do writing jobs as one transaction, in which each is whole or not at all."""
    wanted = [job for job in batch if not job.forgone]
    if not wanted:
        return
    try:
        with writing(connection):
            if len(wanted) == 1:
                wanted[0].result = wanted[0].do(connection)
            else:
                for job in wanted:
                    _apart(job, connection)
            if ledger is not None:
                ledger.seal(connection)
    except BaseException as error:  # noqa: BLE001 - told to everybody who waits
        if ledger is not None:
            ledger.undone()
        for job in wanted:
            job.error = job.error or error


def _apart(job: _Job, connection: sqlite3.Connection) -> None:
    """Do one job of several. Raises where not only this one is undone."""
    connection.execute("SAVEPOINT job")
    _attempt(job, connection)
    if job.error is not None:
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _attempt(job: _Job, connection: sqlite3.Connection) -> None:
    try:
        job.result = job.do(connection)
    except BaseException as error:  # noqa: BLE001 - told to who waits
        job.error = error


def _tell(jobs: Sequence[_Job]) -> None:
    """Wake each loop that waits, once."""
    loops = {job.answer.get_loop() for job in jobs if job.answer is not None}
    for loop in loops:
        mine = [job for job in jobs if job.answer is not None and job.answer.get_loop() is loop]
        with suppress(RuntimeError):  # it is closed: nobody waits any more
            loop.call_soon_threadsafe(_told, mine)


def _told(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.tell()
