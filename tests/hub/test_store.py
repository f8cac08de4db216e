"""The database is set up so that what was acknowledged stays, and its migrations end where the code begins."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import stat
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from hub.migrations.migrate import config_for, migrate
from hub.store import tenants
from hub.store.engine import Database, open_database
from hub.store.schema import metadata
from safety_core.errors import InputError, UnavailableError
from safety_core.model.tool_call import TenantId


async def test_migrations_end_at_the_schema_of_the_code_and_run_again_without_harm(empty_url: str) -> None:
    database = open_database(empty_url)
    await asyncio.gather(*(migrate(database) for _ in range(3)))
    async with database.write() as connection:
        assert await connection.run_sync(_difference) == []
    await database.close()


def _difference(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_sqlite_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    async with database.read() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000, "foreign_keys": 1}
    await database.close()


async def test_sqlite_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    """It holds what agents asked for; an admin may have made the folder for all to look into."""
    before = os.umask(0o022)
    try:
        database = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
        await migrate(database)
        modes = _modes(tmp_path)
        await database.close()
    finally:
        os.umask(before)
    assert modes == {"hub.db": 0o600, "hub.db-wal": 0o600, "hub.db-shm": 0o600}


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_two_processes_that_read_then_write_do_not_fail(database_url: str) -> None:
    ours, theirs = open_database(database_url), open_database(database_url)
    await migrate(ours)
    async with ours.write() as connection:
        await tenants.add(connection, TenantId("acme"), 0.0)
    await asyncio.gather(*(_count(database) for database in (ours, theirs) for _ in range(20)))
    async with ours.read() as connection:
        assert await tenants.last_decision(connection, TenantId("acme")) == 40
    await ours.close()
    await theirs.close()


async def _count(database: Database) -> None:
    async with database.write() as connection:
        await tenants.last_decision(connection, TenantId("acme"))
        await tenants.next_decision(connection, TenantId("acme"))


async def test_a_block_that_raises_never_happened(database_url: str) -> None:
    database = open_database(database_url)
    await migrate(database)
    try:
        async with database.write() as connection:
            await tenants.add(connection, TenantId("acme"), 0.0)
            raise KeyError("on purpose")
    except KeyError:
        pass
    async with database.read() as connection:
        assert await tenants.find(connection, TenantId("acme")) is None
    await database.close()


async def test_a_newer_hubs_database_is_refused_by_name(empty_url: str) -> None:
    database = open_database(empty_url)
    await migrate(database)
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="hub database: was made by a newer hub"):
        await migrate(database)
    await database.close()


async def test_a_database_that_cannot_be_used_is_named_at_the_start_without_its_password(tmp_path: Path) -> None:
    broken = tmp_path / "hub.db"
    broken.write_bytes(b"this is no database " * 500)
    password = secrets.token_hex(8)
    silent = f"postgresql://hub:{password}@127.0.0.1:1/hub"
    for url, named in ((f"sqlite:///{broken}", str(broken)), (silent, "hub:***@127.0.0.1:1/hub")):
        database = open_database(url)
        with pytest.raises(UnavailableError, match=re.escape(named)) as refused:
            await migrate(database)
        assert password not in str(refused.value)
        await database.close()


async def test_the_first_migration_can_be_taken_back(empty_url: str) -> None:
    database = open_database(empty_url)
    await migrate(database)
    async with database.write() as connection:
        await connection.run_sync(_take_back)
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["alembic_version"]
    await migrate(database)
    async with database.write() as connection:
        assert await connection.run_sync(_difference) == []
    await database.close()


def _take_back(connection: Connection) -> None:
    command.downgrade(config_for(connection), "base")
