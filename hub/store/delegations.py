"""Who answers in whose place, at one tenant, until when."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.roles import EVERYWHERE, Role
from hub.store.engine import insert_into
from hub.store.schema.notices import delegations
from hub.store.schema.people import people, roles
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Delegation:
    """`deputy` answers for `person` (ids). Times are seconds since the epoch; `withdrawn` None for not."""

    id: str
    tenant: TenantId
    person: str
    deputy: str
    starts: float
    ends: float
    created: float
    withdrawn: float | None = None


def _delegation(row: Row[tuple[object, ...]]) -> Delegation:
    return Delegation(row.id, row.tenant, row.person, row.deputy, row.starts, row.ends, row.created, row.withdrawn)


async def put(connection: AsyncConnection, delegation: Delegation) -> None:
    """Store a new delegation."""
    await connection.execute(
        insert_into(connection, delegations).values(
            id=delegation.id,
            tenant=delegation.tenant,
            person=delegation.person,
            deputy=delegation.deputy,
            starts=delegation.starts,
            ends=delegation.ends,
            created=delegation.created,
        )
    )


async def withdraw(connection: AsyncConnection, person: str, delegation: str, now: float) -> bool:
    """End a delegation by whoever gave it; False if they gave no such one that still holds."""
    mine = (delegations.c.id == delegation) & (delegations.c.person == person) & delegations.c.withdrawn.is_(None)
    statement = update(delegations).where(mine).values(withdrawn=now).returning(delegations.c.id)
    return (await connection.execute(statement)).first() is not None


async def listed(connection: AsyncConnection, person: str, now: float) -> tuple[Delegation, ...]:
    """Return what a person gave or was given that has not ended, the newest first."""
    mine = or_(delegations.c.person == person, delegations.c.deputy == person)
    holds = delegations.c.withdrawn.is_(None) & (delegations.c.ends > now)
    query = select(delegations).where(mine & holds).order_by(delegations.c.created.desc(), delegations.c.id)
    return tuple(_delegation(row) for row in await connection.execute(query))


async def active(connection: AsyncConnection, tenant: TenantId, now: float) -> tuple[Delegation, ...]:
    """Return the delegations that hold now at a tenant, of people who are its owners, to people who are not shut out.

    Whoever lost the role, or was shut out, has nothing to give any more.
    """
    giver, deputy = people.alias(), people.alias()
    query = (
        select(delegations)
        .join(giver, giver.c.id == delegations.c.person)
        .join(deputy, deputy.c.id == delegations.c.deputy)
        .join(roles, roles.c.person == delegations.c.person)
        .where((delegations.c.tenant == tenant) & delegations.c.withdrawn.is_(None))
        .where((delegations.c.starts <= now) & (delegations.c.ends > now))
        .where(giver.c.disabled.is_(None) & deputy.c.disabled.is_(None))
        .where((roles.c.role == Role.OWNER.value) & roles.c.tenant.in_([tenant, EVERYWHERE]))
        .distinct()
    )
    return tuple(_delegation(row) for row in await connection.execute(query))
