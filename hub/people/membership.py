"""Who may answer a tenant's questions: its owners, and whom one of them has put in their place for a while."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.roles import Person, Role, Roles
from hub.store import delegations, people
from safety_core.model.tool_call import TenantId


async def person_may_answer(connection: AsyncConnection, person: Person, tenant: TenantId, now: float) -> bool:
    """Tell whether somebody who is not shut out may answer the tenant's questions now."""
    return (await held_by(connection, person, now)).has(Role.OWNER, tenant)


async def held_by(connection: AsyncConnection, person: Person, now: float) -> Roles:
    """Return a person's roles: their own, and for as long as they stand in for an owner, that one."""
    own = await people.roles_of(connection, person.id)
    mine = {given.tenant for given in await delegations.listed(connection, person.id, now) if given.deputy == person.id}
    lent: set[tuple[Role, TenantId]] = set()
    for tenant in mine:
        active = await delegations.active(connection, tenant, now)
        if any(given.deputy == person.id for given in active):
            lent.add((Role.OWNER, tenant))
    return Roles(own.held | lent)
