"""People, their roles and their sessions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.people.roles import Person, Role, Roles
from hub.store.engine import insert_into
from hub.store.schema.people import people, roles, sessions
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in visit.

    Attributes:
        hash: sha256 of the cookie; the cookie itself is nowhere.
        csrf: what each form of this session carries.
        created, seen, expires: seconds since the epoch.
        method: how they signed in: "passkey", "oidc", "link".
    """

    hash: str
    person: str
    csrf: str
    created: float
    seen: float
    expires: float
    method: str
    address: str
    device: str


async def add_person(connection: AsyncConnection, person: Person, now: float) -> bool:
    """Add a person; False if there is one of this name."""
    statement = insert_into(connection, people).values(
        id=person.id, name=person.name, email=person.email, created=now, totp_step=0
    )
    added = await connection.execute(statement.on_conflict_do_nothing().returning(people.c.id))
    return added.first() is not None


async def find_person(connection: AsyncConnection, person: str) -> Person | None:
    """Return the person with this id, unless they have been shut out."""
    query = select(people).where((people.c.id == person) & people.c.disabled.is_(None))
    row = (await connection.execute(query)).first()
    return None if row is None else Person(row.id, row.name, row.email)


async def give_role(connection: AsyncConnection, person: str, role: Role, tenant: TenantId, now: float) -> None:
    """Give a role; one that is held already stays."""
    statement = insert_into(connection, roles).values(person=person, tenant=tenant, role=role.value, created=now)
    await connection.execute(statement.on_conflict_do_nothing())


async def roles_of(connection: AsyncConnection, person: str) -> Roles:
    """Return all roles of a person."""
    rows = await connection.execute(select(roles.c.role, roles.c.tenant).where(roles.c.person == person))
    return Roles(frozenset((Role(row.role), TenantId(row.tenant)) for row in rows))


async def put_session(connection: AsyncConnection, session: Session) -> None:
    """Store a new session."""
    await connection.execute(
        insert_into(connection, sessions).values(
            hash=session.hash,
            person=session.person,
            csrf=session.csrf,
            created=session.created,
            seen=session.seen,
            expires=session.expires,
            method=session.method,
            address=session.address,
            device=session.device,
        )
    )


async def find_session(connection: AsyncConnection, digest: str, now: float) -> Session | None:
    """Return the session with this hash if it is not over."""
    query = select(sessions).where((sessions.c.hash == digest) & (sessions.c.expires > now))
    row = (await connection.execute(query)).first()
    return None if row is None else Session(*row)


async def touch_session(connection: AsyncConnection, digest: str, seen: float, expires: float) -> None:
    """Note that a session is in use."""
    await connection.execute(update(sessions).where(sessions.c.hash == digest).values(seen=seen, expires=expires))


async def end_session(connection: AsyncConnection, digest: str) -> None:
    """End a session; from now on its cookie is nobody's."""
    await connection.execute(delete(sessions).where(sessions.c.hash == digest))
