"""One-time codes: each person's sealed secret, and the last time step that a code was taken for."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.schema.people import people


async def secret_of(connection: AsyncConnection, person: str) -> bytes | None:
    """Return the person's sealed secret, None where they have none or are shut out."""
    query = select(people.c.totp).where((people.c.id == person) & people.c.disabled.is_(None))
    row = (await connection.execute(query)).first()
    return None if row is None or row.totp is None else bytes(row.totp)


async def put_secret(connection: AsyncConnection, person: str, sealed: bytes | None, step: int) -> None:
    """Set the person's secret, or remove it (None). `step`: codes count for later time steps only."""
    await connection.execute(update(people).where(people.c.id == person).values(totp=sealed, totp_step=step))


async def use_step(connection: AsyncConnection, person: str, step: int) -> bool:
    """Use a time step up; False if it, or a later one, has been used: no code counts twice."""
    later = (people.c.id == person) & (people.c.totp_step < step)
    statement = update(people).where(later).values(totp_step=step).returning(people.c.id)
    return (await connection.execute(statement)).first() is not None
