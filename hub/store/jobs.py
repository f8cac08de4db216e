"""Leases of recurring jobs: one process of several does a job when it is due."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.notices import jobs


async def ready(connection: AsyncConnection, name: str, now: float) -> bool:
    """Tell whether the job is due and free, without a lock: what most looks find is that it is not."""
    row = (await connection.execute(select(jobs.c.due, jobs.c.lease).where(jobs.c.name == name))).first()
    return row is None or (row.due <= now and row.lease < now)


async def claim(connection: AsyncConnection, name: str, holder: str, now: float, lease: float) -> bool:
    """Take the job if it is due and nobody else holds it, until `now + lease`; False if there is nothing to do."""
    new = insert_into(connection, jobs).values(name=name, due=now)
    await connection.execute(new.on_conflict_do_nothing())
    free = (jobs.c.name == name) & (jobs.c.due <= now) & (jobs.c.lease < now)
    statement = update(jobs).where(free).values(holder=holder, lease=now + lease)
    return (await connection.execute(statement.returning(jobs.c.name))).first() is not None


async def done(connection: AsyncConnection, name: str, holder: str, due: float) -> None:
    """Give the job back, to be done again at `due`; nothing happens if somebody else has taken it over."""
    mine = (jobs.c.name == name) & (jobs.c.holder == holder)
    await connection.execute(update(jobs).where(mine).values(holder="", lease=0.0, due=due))
