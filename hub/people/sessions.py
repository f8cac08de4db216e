"""Signed-in visits, in the database by hash: each can be ended, and a copy of the database opens none."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from hub.context import Context
from hub.people.roles import Person, Roles
from hub.store import people
from hub.store.people import Session

SESSION_SECONDS: Final = 14 * 24 * 3600
"""A session lasts this long at most, whatever is done in it."""

IDLE_SECONDS: Final = 3 * 24 * 3600
"""... and ends when it was not used for this long."""

TOUCH_SECONDS: Final = 300
"""How often its use is written down."""


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


async def begin(context: Context, person: str, method: str, *, address: str = "", device: str = "") -> Opened:
    """Open a new session, always under a fresh cookie: one that somebody planted before is worth nothing."""
    cookie, now = secrets.token_urlsafe(32), context.clock()
    session = Session(
        hash=cookie_hash(cookie),
        person=person,
        csrf=secrets.token_urlsafe(24),
        created=now,
        seen=now,
        expires=now + IDLE_SECONDS,
        method=method,
        address=address[:64],
        device=device[:120],
    )
    async with context.database.write() as connection:
        await people.put_session(connection, session)
    return Opened(session, cookie)


async def find(context: Context, cookie: str) -> SignedIn | None:
    """Return whose session the cookie opens, or None if it opens none."""
    now = context.clock()
    async with context.database.read() as connection:
        session = await people.find_session(connection, cookie_hash(cookie), now)
        if session is None or now > session.created + SESSION_SECONDS:
            return None
        person = await people.find_person(connection, session.person)
        if person is None:
            return None
        held = await people.roles_of(connection, person.id)
    if now > session.seen + TOUCH_SECONDS:
        async with context.database.write() as connection:
            await people.touch_session(connection, session.hash, now, now + IDLE_SECONDS)
    return SignedIn(session, person, held)


async def end(context: Context, session: Session) -> None:
    """Sign out."""
    async with context.database.write() as connection:
        await people.end_session(connection, session.hash)
