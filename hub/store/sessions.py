"""Signed-in visits, by hash only: a copy of the database opens none."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.people import sessions


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in visit.

    Attributes:
        hash: sha256 of the cookie; the cookie itself is nowhere.
        csrf: what each form of this session carries.
        created, seen, expires: seconds since the epoch.
        confirmed: when the person last showed, in a strong way, that it is still they; 0 for not yet.
        method: how they signed in: "passkey", "oidc".
    """

    hash: str
    person: str
    csrf: str
    created: float
    seen: float
    expires: float
    confirmed: float
    method: str
    address: str
    device: str


async def put(connection: AsyncConnection, session: Session) -> None:
    """Store a new session."""
    await connection.execute(insert_into(connection, sessions).values(**asdict(session)))


async def find(connection: AsyncConnection, digest: str, now: float) -> Session | None:
    """Return the session with this hash if it is not over."""
    query = select(sessions).where((sessions.c.hash == digest) & (sessions.c.expires > now))
    row = (await connection.execute(query)).first()
    return None if row is None else Session(**row._mapping)


async def tidy(connection: AsyncConnection, now: float) -> None:
    """Remove what is over."""
    await connection.execute(delete(sessions).where(sessions.c.expires <= now))


async def of_person(connection: AsyncConnection, person: str, now: float) -> tuple[Session, ...]:
    """Return a person's sessions, the one used last first."""
    query = select(sessions).where((sessions.c.person == person) & (sessions.c.expires > now))
    found = await connection.execute(query.order_by(sessions.c.seen.desc(), sessions.c.hash))
    return tuple(Session(**row._mapping) for row in found)


async def touch(connection: AsyncConnection, digest: str, seen: float, expires: float) -> None:
    """Note that a session is in use."""
    await connection.execute(update(sessions).where(sessions.c.hash == digest).values(seen=seen, expires=expires))


async def end(connection: AsyncConnection, digest: str) -> bool:
    """End a session: from now on its cookie is nobody's. False if there is none."""
    statement = delete(sessions).where(sessions.c.hash == digest).returning(sessions.c.hash)
    return (await connection.execute(statement)).first() is not None


async def end_all(connection: AsyncConnection, person: str, but: str = "") -> int:
    """End all sessions of a person but one (by hash); return how many."""
    statement = delete(sessions).where((sessions.c.person == person) & (sessions.c.hash != but))
    return len((await connection.execute(statement.returning(sessions.c.hash))).all())
