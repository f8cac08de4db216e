"""A person's passkeys as they come and go: the first by an invite, others by one that is there."""

from __future__ import annotations

from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.people import passkeys
from hub.people.directory import invite_hash
from hub.people.offers import refused
from hub.people.sessions import Browser, Opened, SignedIn, begin_in
from hub.roles import EVERYWHERE, Person
from hub.store import deeds, people, sessions
from hub.store import passkeys as store
from hub.store.deeds import Deed
from safety_core.canonical import JsonObject

_INVITE = b"invite "
_SESSION = b"session "


async def invited(context: Context, token: str) -> Person:
    """Return whom an invite is for, or raise NotFoundError; looking at it uses nothing up."""
    async with context.database.read() as connection:
        found = await people.invited(connection, invite_hash(token), context.clock())
        person = None if found is None else await people.find(connection, found)
    if person is None:
        raise NotFoundError("invite", "is used, too old, or none of ours", "ask an admin of the hub for a new one")
    return person


async def offer_by_invite(context: Context, token: str) -> JsonObject:
    """Return what the browser of somebody invited needs to make a passkey."""
    person = await invited(context, token)
    return await passkeys.offer_registration(context, person, _INVITE + invite_hash(token).encode())


async def join(context: Context, token: str, credential: JsonObject, name: str, browser: Browser) -> Opened:
    """Use an invite up: keep the passkey that was made, end all sessions that there were, and sign in.

    Raises:
        UnauthenticatedError, InputError: as in `passkeys.read_registration`.
        NotFoundError: the invite has been used meanwhile.
    """
    made, kept = await passkeys.read_registration(context, credential, name)
    now = context.clock()
    if kept != _INVITE + invite_hash(token).encode():
        raise refused("was made for another invite")
    async with context.database.write() as connection:
        if await people.use_invite(connection, invite_hash(token), now) != made.person:
            raise NotFoundError("invite", "has been used", "ask an admin of the hub for a new one")
        person = await people.find(connection, made.person)
        if person is None or not await store.add(connection, made):
            raise refused("is there already")
        await sessions.end_all(connection, person.id)
        await deeds.note(connection, Deed(now, person.name, EVERYWHERE, "passkey added", made.name, browser.address))
        return await begin_in(connection, person, "passkey", browser, now, now)


async def offer(context: Context, who: SignedIn) -> JsonObject:
    """Return what the browser of somebody signed in needs to make another passkey."""
    return await passkeys.offer_registration(context, who.person, _SESSION + who.session.hash.encode())


async def add(context: Context, who: SignedIn, credential: JsonObject, name: str) -> None:
    """Keep another passkey; see `join` for what is raised."""
    made, kept = await passkeys.read_registration(context, credential, name)
    if made.person != who.person.id or kept != _SESSION + who.session.hash.encode():
        raise refused("was made in another session")
    async with context.database.write() as connection:
        if not await store.add(connection, made):
            raise refused("is there already")
        await deeds.note(connection, _deed(context, who, "passkey added", made.name))


async def remove(context: Context, who: SignedIn, credential: str) -> None:
    """Remove a passkey, and end all other sessions: one of them may be its finder's.

    Raises:
        NotFoundError: it is none of theirs.
        ConflictError: it is the last one, and no invite lets them make another.
    """
    async with context.database.write() as connection:
        await people.lock(connection, who.person.id)
        known = await store.of_person(connection, who.person.id)
        gone = next((passkey for passkey in known if passkey.credential == credential), None)
        if gone is None:
            raise NotFoundError("passkey", "is none of yours")
        if len(known) == 1 and not await people.open_invite(connection, who.person.id, context.clock()):
            raise ConflictError("passkey", "is your last one", "add another first, or ask an admin for an invite")
        await store.remove(connection, who.person.id, credential)
        await sessions.end_all(connection, who.person.id, but=who.session.hash)
        await deeds.note(connection, _deed(context, who, "passkey removed", gone.name))


async def rename(context: Context, who: SignedIn, credential: str, name: str) -> None:
    """Call a passkey otherwise. Raises NotFoundError, InputError."""
    async with context.database.write() as connection:
        if not await store.rename(connection, who.person.id, credential, passkeys.passkey_name(name)):
            raise NotFoundError("passkey", "is none of yours")


def _deed(context: Context, who: SignedIn, deed: str, subject: str) -> Deed:
    return Deed(context.clock(), who.person.name, EVERYWHERE, deed, subject, who.session.address)
