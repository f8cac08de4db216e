"""People, their roles, and the links that invite them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.roles import Person, Role, Roles
from hub.store.engine import insert_into
from hub.store.schema.people import invites, people, roles
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Entry:
    """One person as the list of people shows them. `created`, `disabled`: seconds since the epoch."""

    person: Person
    roles: Roles
    created: float
    disabled: float | None


async def add(connection: AsyncConnection, person: Person, now: float) -> bool:
    """Add a person; False if there is one of this name."""
    statement = insert_into(connection, people).values(
        id=person.id, name=person.name, email=person.email, created=now, totp_step=0
    )
    added = await connection.execute(statement.on_conflict_do_nothing().returning(people.c.id))
    return added.first() is not None


_ROLES: Final = select(roles.c.role, roles.c.tenant).where(roles.c.person == bindparam("person"))
_ROLES_OF_KNOWN: Final = (
    select(roles.c.role, roles.c.tenant)
    .select_from(people.outerjoin(roles, roles.c.person == people.c.id))
    .where((people.c.id == bindparam("person")) & people.c.disabled.is_(None))
)
"""Made once: every signed-in request and every token asks them."""


async def find(connection: AsyncConnection, person: str) -> Person | None:
    """Return the person with this id, unless they have been shut out."""
    query = select(people).where((people.c.id == person) & people.c.disabled.is_(None))
    row = (await connection.execute(query)).first()
    return None if row is None else Person(row.id, row.name, row.email)


async def lock(connection: AsyncConnection, person: str) -> None:
    """Hold a person's row until commit: what depends on all that is theirs happens one after the other."""
    await connection.execute(select(people.c.id).where(people.c.id == person).with_for_update())


async def named(connection: AsyncConnection, name: str) -> Person | None:
    """Return the person of this name, unless they have been shut out."""
    query = select(people).where((people.c.name == name) & people.c.disabled.is_(None))
    row = (await connection.execute(query)).first()
    return None if row is None else Person(row.id, row.name, row.email)


async def entries(connection: AsyncConnection) -> tuple[Entry, ...]:
    """Return all people with their roles, by name; those who are shut out, too."""
    held: dict[str, set[tuple[Role, TenantId]]] = {}
    for row in await connection.execute(select(roles.c.person, roles.c.role, roles.c.tenant)):
        held.setdefault(row.person, set()).add((Role(row.role), TenantId(row.tenant)))
    found = await connection.execute(select(people).order_by(people.c.name))
    return tuple(
        Entry(Person(row.id, row.name, row.email), Roles(frozenset(held.get(row.id, ()))), row.created, row.disabled)
        for row in found
    )


async def set_disabled(connection: AsyncConnection, person: str, at: float | None) -> None:
    """Shut a person out, or let them in again (None)."""
    await connection.execute(update(people).where(people.c.id == person).values(disabled=at))


async def give_role(connection: AsyncConnection, person: str, role: Role, tenant: TenantId, now: float) -> bool:
    """Give a role; False if it is held already."""
    statement = insert_into(connection, roles).values(person=person, tenant=tenant, role=role.value, created=now)
    given = await connection.execute(statement.on_conflict_do_nothing().returning(roles.c.person))
    return given.first() is not None


async def take_role(connection: AsyncConnection, person: str, role: Role, tenant: TenantId) -> bool:
    """Take a role away; False if it is not held."""
    same = (roles.c.person == person) & (roles.c.role == role.value) & (roles.c.tenant == tenant)
    return (await connection.execute(delete(roles).where(same).returning(roles.c.person))).first() is not None


async def roles_of(connection: AsyncConnection, person: str) -> Roles:
    """Return all roles of a person."""
    rows = await connection.execute(_ROLES, {"person": person})
    return Roles(frozenset((Role(row.role), TenantId(row.tenant)) for row in rows))


async def roles_of_known(connection: AsyncConnection, person: str) -> Roles:
    """Return all roles of a person in one look; none where they are not there, or have been shut out."""
    rows = await connection.execute(_ROLES_OF_KNOWN, {"person": person})
    return Roles(frozenset((Role(row.role), TenantId(row.tenant)) for row in rows if row.role is not None))


async def put_invite(connection: AsyncConnection, person: str, digest: str, now: float, expires: float) -> None:
    """Store an invite in place of an older one of the same person."""
    await connection.execute(delete(invites).where(invites.c.person == person))
    statement = insert_into(connection, invites)
    await connection.execute(statement.values(hash=digest, person=person, created=now, expires=expires))


async def drop_invite(connection: AsyncConnection, person: str) -> None:
    """Remove a person's invite."""
    await connection.execute(delete(invites).where(invites.c.person == person))


async def invited(connection: AsyncConnection, digest: str, now: float) -> str | None:
    """Return whom an unused invite is for (a person's id)."""
    holds = (invites.c.hash == digest) & invites.c.used.is_(None) & (invites.c.expires > now)
    row = (await connection.execute(select(invites.c.person).where(holds))).first()
    return None if row is None else str(row.person)


async def use_invite(connection: AsyncConnection, digest: str, now: float) -> str | None:
    """Use an invite up; return whom it is for, None if it does not hold any more."""
    holds = (invites.c.hash == digest) & invites.c.used.is_(None) & (invites.c.expires > now)
    statement = update(invites).where(holds).values(used=now).returning(invites.c.person)
    row = (await connection.execute(statement)).first()
    return None if row is None else str(row.person)


async def open_invite(connection: AsyncConnection, person: str, now: float) -> bool:
    """Tell whether an unused invite waits for this person."""
    holds = (invites.c.person == person) & invites.c.used.is_(None) & (invites.c.expires > now)
    return (await connection.execute(select(invites.c.person).where(holds))).first() is not None
