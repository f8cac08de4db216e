"""Signed-in visits, in the database by hash: each can be ended, and a copy of the database opens none."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.context import Context
from hub.people.membership import held_by
from hub.roles import EVERYWHERE, Person, Roles
from hub.store import deeds, people
from hub.store import sessions as store
from hub.store.deeds import Deed
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
class Browser:
    """Where a session lives.

    Attributes:
        address: the network address that it comes from.
        device: what the browser calls itself.
        cookie: of the session that it had before, which ends now; or empty.
    """

    address: str = ""
    device: str = ""
    cookie: str = field(default="", repr=False)


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


NOWHERE: Final = Browser()


def cookie_hash(cookie: str) -> str:
    """Return the one form in which a cookie is stored."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


async def begin(
    context: Context, person: Person, method: str, browser: Browser = NOWHERE, *, confirmed: bool = False
) -> Opened:
    """Open a new session, always under a fresh cookie: one that somebody planted before is worth nothing.

    `confirmed`: they have just shown in a strong way who they are.
    """
    async with context.database.write() as connection:
        return await begin_in(
            connection, person, method, browser, context.clock() if confirmed else 0.0, context.clock()
        )


async def begin_in(
    connection: AsyncConnection, person: Person, method: str, browser: Browser, confirmed: float, now: float
) -> Opened:
    """Open a new session, in an open transaction. `confirmed`: seconds since the epoch."""
    cookie = secrets.token_urlsafe(32)
    session = Session(
        hash=cookie_hash(cookie),
        person=person.id,
        csrf=secrets.token_urlsafe(24),
        created=now,
        seen=now,
        expires=now + IDLE_SECONDS,
        confirmed=confirmed,
        method=method,
        address=browser.address[:64],
        device=browser.device[:120],
    )
    if browser.cookie:
        await store.end(connection, cookie_hash(browser.cookie))
    await store.put(connection, session)
    await deeds.note(connection, Deed(now, person.name, EVERYWHERE, "sign-in", method, session.address))
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
        held = await held_by(connection, person, now)
    if now > session.seen + TOUCH_SECONDS:
        async with context.database.write() as connection:
            await store.touch(connection, session.hash, now, now + IDLE_SECONDS)
    return SignedIn(session, person, held)


async def end(context: Context, who: SignedIn) -> None:
    """Sign out."""
    async with context.database.write() as connection:
        await store.end(connection, who.session.hash)
        deed = Deed(context.clock(), who.person.name, EVERYWHERE, "sign-out", address=who.session.address)
        await deeds.note(connection, deed)
