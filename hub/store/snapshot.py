"""All tables as plain rows, from one moment of one database and into another, of the same kind or not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, MetaData, Table, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.schema import metadata

ROWS: Final = 1000
"""Rows read or written at a time."""

REVISION: Final = "alembic_version"

Rows = Iterable[Sequence[Any]]


async def revision_of(connection: AsyncConnection) -> str:
    """Return the revision of the schema."""
    return str((await connection.execute(text(f"SELECT version_num FROM {REVISION}"))).scalar_one())  # noqa: S608


def columns() -> dict[str, tuple[str, ...]]:
    """Return the tables with their columns."""
    return {table.name: tuple(column.name for column in table.columns) for table in metadata.sorted_tables}


async def rows_of(connection: AsyncConnection, name: str) -> AsyncIterator[Sequence[Any]]:
    """Yield a table's rows in the order of its key, a part of them in memory at a time."""
    table = metadata.tables[name]
    key = list(table.primary_key.columns)
    places = [list(table.columns).index(column) for column in key]
    query = select(table).order_by(*key).limit(ROWS)
    page = (await connection.execute(query)).all()
    while page:
        for row in page:
            yield tuple(row)
        last = tuple_(*(page[-1][place] for place in places))
        page = (await connection.execute(query.where(tuple_(*key) > last))).all()


def filled(connection: Connection) -> tuple[str, ...]:
    """Return the tables that hold something."""
    there = MetaData()
    there.reflect(connection)
    return tuple(
        table.name
        for table in there.sorted_tables
        if table.name != REVISION and connection.execute(select(table).limit(1)).first() is not None
    )


def empty(connection: Connection) -> None:
    """Remove all tables, with all that they hold."""
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)


def fill(connection: Connection, tables: Mapping[str, tuple[Sequence[str], Rows]]) -> None:
    """Put rows, each with the names of its columns, into tables that are there and empty."""
    there = MetaData()
    there.reflect(connection)
    for table in there.sorted_tables:  # those that others refer to come first
        columns, rows = tables.get(table.name, ((), ()))
        for part in _parts(rows):
            connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in part])
        if connection.dialect.name == "postgresql":
            _go_on_counting(connection, table)


def _parts(rows: Rows) -> Iterator[list[Sequence[Any]]]:
    part: list[Sequence[Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == ROWS:
            yield part
            part = []
    if part:
        yield part


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Have the numbers that PostgreSQL draws for new rows go on past those that are there."""
    for column in table.primary_key.columns:
        asked = text("SELECT pg_get_serial_sequence(:table, :column)")
        drawn = connection.execute(asked, {"table": table.name, "column": column.name}).scalar_one()
        if drawn is not None:
            largest = connection.execute(select(column).order_by(column.desc()).limit(1)).scalar_one_or_none()
            going_on = text("SELECT setval(CAST(:drawn AS regclass), :largest, true)")
            if largest is not None:
                connection.execute(going_on, {"drawn": drawn, "largest": largest})
