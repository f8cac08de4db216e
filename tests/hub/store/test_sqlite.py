"""Short statements run where they stand, what takes long runs elsewhere; who leaves in the middle breaks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import Database, open_database
from safety_core.errors import UnavailableError

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    async with opened.write() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    yield opened
    await opened.close()


async def count(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT count(*) FROM t"))).scalar_one())


async def test_others_go_on_while_one_reads_for_long(database: Database) -> None:
    async def read() -> int:
        async with database.read() as connection:
            return int((await connection.execute(text(LONG))).scalar_one())

    reading, turns = asyncio.create_task(read()), 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert await reading == 1_000_000
    assert turns > 10


async def test_who_leaves_in_the_middle_of_a_long_read_breaks_nothing(database: Database) -> None:
    async def read() -> None:
        async with database.read() as connection:
            await connection.execute(text(LONG))

    for _ in range(20):  # more than there are connections
        reading = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO t DEFAULT VALUES"))
    async with database.read() as connection:
        assert await count(connection) == 20


async def test_a_statement_that_fails_undoes_all_of_its_transaction(database: Database) -> None:
    async def twice() -> None:
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO t VALUES (1)"))
            await connection.execute(text("INSERT INTO t VALUES (1)"))

    with pytest.raises(UnavailableError, match="hub database: failed"):
        await twice()
    async with database.read() as connection:
        assert await count(connection) == 0


async def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    async with database.read() as connection:
        before = await count(connection)
        async with database.write() as other:
            await other.execute(text("INSERT INTO t DEFAULT VALUES"))
        assert await count(connection) == before
    async with database.read() as connection:
        assert await count(connection) == before + 1
