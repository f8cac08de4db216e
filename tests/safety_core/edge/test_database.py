"""The SQLite files of the edge, as several connections and processes share them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from safety_core.edge.database import Database, connect
from safety_core.errors import UnavailableError


def test_a_second_connection_leaves_the_first_ones_log_in_place(tmp_path: Path) -> None:
    """Another process that looks in and leaves must not take away what is acknowledged and not yet in the file."""
    path = tmp_path / "shared.db"
    schema = "CREATE TABLE IF NOT EXISTS told (word TEXT) STRICT"
    first, second = connect(path, schema), connect(path, schema)
    look = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('SELECT * FROM told').fetchall(); c.close()"
    subprocess.run([sys.executable, "-c", look], check=True)
    first.execute("INSERT INTO told VALUES ('kept')")
    count = f"import sqlite3; print(*sqlite3.connect({str(path)!r}).execute('SELECT word FROM told').fetchone())"
    done = subprocess.run([sys.executable, "-c", count], check=True, capture_output=True, text=True)
    assert done.stdout == "kept\n"
    for connection in (first, second):
        connection.close()


SCHEMA = "CREATE TABLE IF NOT EXISTS told (word TEXT NOT NULL UNIQUE) STRICT"


@dataclass
class Counting:
    """A ledger that counts transactions. `broken`: the seal cannot be made."""

    sealed: int = 0
    undone_: int = 0
    broken: bool = False

    def seal(self, connection: sqlite3.Connection) -> None:
        if self.broken:
            raise OSError("no seal")
        self.sealed += 1

    def undone(self) -> None:
        self.undone_ += 1


@asynccontextmanager
async def opened(path: Path, ledger: Counting) -> AsyncIterator[Database]:
    database = Database(path / "shared.db", SCHEMA, ledger=ledger)
    try:
        yield database
    finally:
        await database.aclose()


def telling(*words: str, then: Exception | None = None) -> Callable[[sqlite3.Connection], int]:
    def job(connection: sqlite3.Connection) -> int:
        for word in words:
            connection.execute("INSERT INTO told VALUES (?)", (word,))
        if then is not None:
            raise then
        return len(words)

    return job


def words(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("SELECT word FROM told ORDER BY rowid")]


async def held(database: Database, *jobs: Callable[[sqlite3.Connection], int]) -> list[Any]:
    """Give the database `jobs` while it waits for the disk, and return what came of each."""
    first = database.write(telling("first"))
    waiting = [database.write(job) for job in jobs]
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_jobs_that_wait_share_a_transaction_in_which_each_is_whole_or_not_at_all(tmp_path: Path) -> None:
    ledger = Counting()
    async with opened(tmp_path, ledger) as database:
        jobs = telling("a", "b"), telling("c", then=ValueError("no")), telling("d"), telling("e", "a"), telling("f")
        results = await held(database, *jobs)
        assert [type(result) for result in results] == [int, ValueError, int, UnavailableError, int]
        assert "CONSTRAINT" in str(results[3])
        assert await database.read(words) == ["first", "a", "b", "d", "f"]
        assert (ledger.sealed, ledger.undone_) == (2, 0)


async def test_a_transaction_that_cannot_be_sealed_leaves_nothing(tmp_path: Path) -> None:
    ledger = Counting()
    async with opened(tmp_path, ledger) as database:
        asyncio.get_running_loop().call_soon(setattr, ledger, "broken", True)  # once the first job is committed
        results = await held(database, telling("a"), telling("b", then=ValueError("no")))
        assert [type(result) for result in results] == [OSError, ValueError]
        assert (await database.read(words), ledger.undone_) == (["first"], 1)
        ledger.broken = False
        assert await database.write(telling("c")) == 1
        assert await database.read(words) == ["first", "c"]


async def test_a_job_that_undoes_everything_fails_all_that_shared_its_transaction(tmp_path: Path) -> None:
    """As a full disk does: SQLite then rolls the whole transaction back by itself."""
    ledger = Counting()
    async with opened(tmp_path, ledger) as database:
        results = await held(database, telling("a"), lambda db: db.execute("ROLLBACK").rowcount, telling("b"))
        assert [type(result) for result in results] == [UnavailableError, UnavailableError, UnavailableError]
        assert (await database.read(words), ledger.sealed, ledger.undone_) == (["first"], 1, 1)


async def test_a_job_that_nobody_waits_for_any_more_is_not_begun(tmp_path: Path) -> None:
    async with opened(tmp_path, Counting()) as database:
        first = database.write(telling("first"))
        asyncio.ensure_future(database.write(telling("a"))).cancel()
        await first
        assert await database.read(words) == ["first"]


async def test_another_process_s_transaction_is_waited_for(tmp_path: Path) -> None:
    async with opened(tmp_path, Counting()) as database:
        other = connect(tmp_path / "shared.db", SCHEMA)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(database.write(telling("a")))
        assert not (await asyncio.wait([waiting], timeout=0.05))[0]
        assert await asyncio.gather(asyncio.sleep(0, "the loop goes on")) == ["the loop goes on"]
        other.execute("INSERT INTO told VALUES ('theirs')")
        other.execute("COMMIT")
        assert await waiting == 1
        assert await database.read(words) == ["theirs", "a"]
        other.close()


async def test_another_process_that_does_not_let_go_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safety_core.edge.database.BUSY_SECONDS", 0.02)
    async with opened(tmp_path, Counting()) as database:
        other = connect(tmp_path / "shared.db", SCHEMA)
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(database.write(telling(word)) for word in "ab"), return_exceptions=True)
        assert [type(result) for result in results] == [UnavailableError, UnavailableError]
        other.execute("ROLLBACK")
        assert await database.write(telling("c")) == 1
        other.close()


async def test_after_a_disk_that_failed_nothing_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may have dropped the pages that it could not write, and report the next attempt as done."""

    def full(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    async with opened(tmp_path, Counting()) as database:
        assert await database.write(telling("a")) == 1
        monkeypatch.setattr("os.fdatasync", full)
        results = await asyncio.gather(*(database.write(telling(word)) for word in "bc"), return_exceptions=True)
        assert [type(result) for result in results] == [UnavailableError, UnavailableError]
        monkeypatch.undo()
        with pytest.raises(UnavailableError, match="cannot be written"):
            await database.write(telling("d"))


async def test_nobody_is_answered_before_the_disk_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, synced = Event(), os.fdatasync
    monkeypatch.setattr("os.fdatasync", lambda descriptor: (go.wait(), synced(descriptor)))
    async with opened(tmp_path, Counting()) as database:
        waiting = asyncio.ensure_future(database.write(telling("a")))
        assert not (await asyncio.wait([waiting], timeout=0.05))[0]
        go.set()
        assert await waiting == 1


async def test_the_log_is_moved_into_the_file_beside_the_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safety_core.edge.database.MOVE_AFTER", 2)
    log = tmp_path / "shared.db-wal"
    async with opened(tmp_path, Counting()) as database:
        sizes = []
        for number in range(40):
            await database.write(telling(f"{number}" + "x" * 9000))
            await database.read(words)
            sizes.append(log.stat().st_size)
        assert max(sizes) < 200_000  # four times as much has been written


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, Counting()) as database:
        await database.write(telling("a"))
    await database.aclose()
    with pytest.raises(UnavailableError, match="is closed"):
        await database.read(words)
