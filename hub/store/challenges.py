"""One-time challenges, by hash: each is taken out once. And how often something was tried."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.people import challenges, limits


@dataclass(frozen=True, slots=True)
class Challenge:
    """Something that is answered once.

    Attributes:
        hash: sha256 of the challenge, hexadecimal.
        kind: what it is for; one for something else is not found.
        person: whose it is; None where nobody is known yet.
        body: what its maker wants to see again.
        expires: seconds since the epoch.
    """

    hash: str
    kind: str
    person: str | None
    body: bytes
    expires: float


async def put(connection: AsyncConnection, challenge: Challenge) -> None:
    """Store a challenge."""
    statement = insert_into(connection, challenges)
    await connection.execute(
        statement.values(
            hash=challenge.hash,
            kind=challenge.kind,
            person=challenge.person,
            body=challenge.body,
            expires=challenge.expires,
        )
    )


async def take(connection: AsyncConnection, digest: str, kind: str, now: float) -> Challenge | None:
    """Take a challenge out; None if there is none, or not any more."""
    same = (challenges.c.hash == digest) & (challenges.c.kind == kind)
    row = (await connection.execute(delete(challenges).where(same).returning(challenges))).first()
    return None if row is None or row.expires <= now else Challenge(**row._mapping)


async def count(connection: AsyncConnection, key: str, now: float, seconds: float) -> tuple[int, float]:
    """Count an attempt; return how many there were in this stretch of time, and when it ends."""
    over = limits.c.until <= now
    statement = insert_into(connection, limits).values(key=key, count=1, until=now + seconds)
    counted = statement.on_conflict_do_update(
        index_elements=[limits.c.key],
        set_={
            "count": case((over, 1), else_=limits.c.count + 1),
            "until": case((over, now + seconds), else_=limits.c.until),
        },
    ).returning(limits.c.count, limits.c.until)
    row = (await connection.execute(counted)).one()
    return int(row[0]), float(row[1])


async def counted(connection: AsyncConnection, key: str, now: float) -> tuple[int, float]:
    """Return how many attempts were counted in this stretch of time, and when it ends."""
    query = select(limits.c.count, limits.c.until).where((limits.c.key == key) & (limits.c.until > now))
    row = (await connection.execute(query)).first()
    return (0, now) if row is None else (int(row[0]), float(row[1]))


async def forget(connection: AsyncConnection, key: str) -> None:
    """Begin to count anew."""
    await connection.execute(delete(limits).where(limits.c.key == key))


async def tidy(connection: AsyncConnection, now: float) -> None:
    """Remove what is over."""
    await connection.execute(delete(challenges).where(challenges.c.expires <= now))
    await connection.execute(delete(limits).where(limits.c.until <= now))
