"""Signed-in visits, in the database by hash: each can be ended, and a copy of the database opens none."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from hub.context import Context
from hub.people.roles import Person, Roles
from hub.store import people
from hub.store import sessions as store
from hub.store.sessions import Session

SESSION_SECONDS: Final = 14 * 24 * 3600
"""A session lasts this long at most, whatever is done in it."""

IDLE_SECONDS: Final = 3 * 24 * 3600
"""... and ends when it was not used for this long."""

TOUCH_SECONDS: Final = 300
"""How often its use is written down."""

FRESH_SECONDS: Final = 600
"""How long a confirmation lets somebody change what loosens something."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session. `cookie` is shown once, to the browser."""

    session: Session
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who visits, by a session that holds."""

    session: Session
    person: Person
    roles: Roles


def cookie_hash(cookie: str) -> str:
    """Return the one form in which a cookie is stored."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


async def begin(
    context: Context, person: str, method: str, *, address: str = "", device: str = "", confirmed: bool = False
) -> Opened:
    """Open a new session, always under a fresh cookie: one that somebody planted before is worth nothing.

    `confirmed`: they have just shown in a strong way who they are.
    """
    cookie, now = secrets.token_urlsafe(32), context.clock()
    session = Session(
        hash=cookie_hash(cookie),
        person=person,
        csrf=secrets.token_urlsafe(24),
        created=now,
        seen=now,
        expires=now + IDLE_SECONDS,
        confirmed=now if confirmed else 0.0,
        method=method,
        address=address[:64],
        device=device[:120],
    )
    async with context.database.write() as connection:
        await store.put(connection, session)
    return Opened(session, cookie)


async def confirm(context: Context, session: Session) -> Opened:
    """Note that the person has just shown that it is still they. The session goes on under a fresh cookie."""
    cookie, now = secrets.token_urlsafe(32), context.clock()
    renewed = replace(session, hash=cookie_hash(cookie), csrf=secrets.token_urlsafe(24), seen=now, confirmed=now)
    async with context.database.write() as connection:
        if await store.end(connection, session.hash):
            await store.put(connection, renewed)
    return Opened(renewed, cookie)


def fresh(session: Session, now: float) -> bool:
    """Tell whether the person has shown just now that it is still they."""
    return now <= session.confirmed + FRESH_SECONDS


async def find(context: Context, cookie: str) -> SignedIn | None:
    """Return whose session the cookie opens, or None if it opens none."""
    now = context.clock()
    async with context.database.read() as connection:
        session = await store.find(connection, cookie_hash(cookie), now)
        if session is None or now > session.created + SESSION_SECONDS:
            return None
        person = await people.find(connection, session.person)
        if person is None:
            return None
        held = await people.roles_of(connection, person.id)
    if now > session.seen + TOUCH_SECONDS:
        async with context.database.write() as connection:
            await store.touch(connection, session.hash, now, now + IDLE_SECONDS)
    return SignedIn(session, person, held)


async def end(context: Context, session: Session) -> None:
    """Sign out."""
    async with context.database.write() as connection:
        await store.end(connection, session.hash)
