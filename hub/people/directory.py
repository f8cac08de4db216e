"""Who there is: adding people, giving and taking roles, inviting, shutting out.

Whatever changes what a person may do ends their sessions, so that no open page goes on with what it had.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.roles import EVERYWHERE, Person, Role
from hub.store import deeds, people, sessions, tenants, tokens
from hub.store.deeds import Deed
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

NAME_CHARACTERS: Final = 100
"""Names stand in grants and audits, where one must not look like another."""

EMAIL: Final = re.compile(r"[^\s@<>\"',;:\\]{1,64}@[A-Za-z0-9.-]{1,190}")

INVITE_SECONDS: Final = 72 * 3600
"""How long an invite waits: over a weekend."""

CONSOLE: Final = "the hub's machine"
"""Who does what is done by `safety hub` itself."""


def person_name(name: str) -> str:
    """Return the name, composed (NFC), if it may be a person's, or raise InputError.

    Nothing in it is invisible, turns the writing round or hides at an end, and no letter is another one in disguise
    (NFKC: full-width forms and ligatures).
    """
    name = unicodedata.normalize("NFC", name)
    seen = name.isprintable() and name == " ".join(name.split()) and name == unicodedata.normalize("NFKC", name)
    if not seen or not 0 < len(name) <= NAME_CHARACTERS:
        raise InputError("name", f"must be 1 to {NAME_CHARACTERS} plain letters, with single spaces between words")
    return name


async def add(context: Context, name: str, email: str = "", *, by: str = CONSOLE) -> Person:
    """Add a person, who may do nothing yet. Raises ConflictError where the name is taken."""
    if email and not EMAIL.fullmatch(email):
        raise InputError("e-mail address", "is none")
    person = Person(secrets.token_hex(16), person_name(name), email)
    async with context.database.write() as connection:
        await _add_in(connection, person, by, context.clock())
    return person


async def named_or_new(connection: AsyncConnection, name: str, *, by: str, now: float) -> Person:
    """Return the person of this name, added if need be. Raises ConflictError where they are shut out."""
    known = await people.named(connection, name)
    if known is not None:
        return known
    person = Person(secrets.token_hex(16), person_name(name))
    await _add_in(connection, person, by, now)
    return person


async def _add_in(connection: AsyncConnection, person: Person, by: str, now: float) -> None:
    if not await people.add(connection, person, now):
        fix = "choose another name, or let them in again"
        raise ConflictError(f"person {person.name}", "is there already, or shut out", fix)
    await deeds.note(connection, Deed(now, by, EVERYWHERE, "person added", person.name))


async def find(context: Context, name: str) -> Person:
    """Return the person of this name, or raise NotFoundError."""
    async with context.database.read() as connection:
        person = await people.named(connection, name)
    if person is None:
        raise NotFoundError(f"person {name}", "is not there, or is shut out", "see: safety hub person list")
    return person


async def give(context: Context, person: Person, role: Role, tenant: TenantId, *, by: str = CONSOLE) -> None:
    """Give a role at a tenant (EVERYWHERE: at all)."""
    async with context.database.write() as connection:
        await give_in(connection, person, role, tenant, by=by, now=context.clock())


async def give_in(
    connection: AsyncConnection, person: Person, role: Role, tenant: TenantId, *, by: str, now: float
) -> None:
    """Give a role, in an open transaction. At a tenant where the person had none, it ends an invite that waits."""
    if tenant != EVERYWHERE and await tenants.find(connection, tenant) is None:
        raise NotFoundError(f"tenant {tenant}", "is not there", f"safety hub tenant add {tenant}")
    held = {where for _, where in (await people.roles_of(connection, person.id)).held}
    if await people.give_role(connection, person.id, role, tenant, now):
        if held and tenant not in held and EVERYWHERE not in held:
            await people.drop_invite(connection, person.id)  # whoever made it need not be admin here, and could be them
        await sessions.end_all(connection, person.id)
        await deeds.note(connection, Deed(now, by, tenant, f"role given: {role}", person.name))


async def take(context: Context, person: Person, role: Role, tenant: TenantId, *, by: str = CONSOLE) -> None:
    """Take a role away. Raises NotFoundError where it is not held."""
    async with context.database.write() as connection:
        if not await people.take_role(connection, person.id, role, tenant):
            raise NotFoundError(f"role {role}", f"is not held by {person.name} there")
        await sessions.end_all(connection, person.id)
        await deeds.note(connection, Deed(context.clock(), by, tenant, f"role taken: {role}", person.name))


async def shut_out(context: Context, person: Person, *, by: str = CONSOLE) -> None:
    """Shut a person out: their sessions, tokens and invites end at once, and nothing of theirs counts any more."""
    async with context.database.write() as connection:
        await people.set_disabled(connection, person.id, context.clock())
        await people.drop_invite(connection, person.id)
        await sessions.end_all(connection, person.id)
        await tokens.remove_of(connection, person.id)
        await deeds.note(connection, Deed(context.clock(), by, EVERYWHERE, "shut out", person.name))


async def let_in(context: Context, name: str, *, by: str = CONSOLE) -> Person:
    """Let a person in again, with the passkeys and roles that they had. Raises NotFoundError."""
    async with context.database.write() as connection:
        found = next((entry for entry in await people.entries(connection) if entry.person.name == name), None)
        if found is None or found.disabled is None:
            raise NotFoundError(f"person {name}", "is not shut out")
        await people.set_disabled(connection, found.person.id, None)
        await deeds.note(connection, Deed(context.clock(), by, EVERYWHERE, "let in again", name))
    return found.person


async def invite(context: Context, person: Person, *, by: str = CONSOLE) -> str:
    """Return a one-use link by which the person adds a passkey; it replaces an older one."""
    token, now = secrets.token_urlsafe(32), context.clock()
    async with context.database.write() as connection:
        await people.put_invite(connection, person.id, invite_hash(token), now, now + INVITE_SECONDS)
        await deeds.note(connection, Deed(now, by, EVERYWHERE, "invited", person.name))
    return f"{context.settings.origin}/invite/{token}"


async def describe(context: Context) -> tuple[str, ...]:
    """Return one line for each person."""
    async with context.database.read() as connection:
        found = await people.entries(connection)
    return tuple(f"{entry.person.name}  {_standing(entry)}" for entry in found)


def _standing(entry: people.Entry) -> str:
    held = sorted(f"{role} at {tenant or 'every tenant'}" for role, tenant in entry.roles.held)
    return "shut out" if entry.disabled is not None else ", ".join(held) or "no role"


def invite_hash(token: str) -> str:
    """Return the one form in which an invite is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
