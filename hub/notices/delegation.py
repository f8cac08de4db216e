"""Delegation: "Anna answers for me until Friday".

A delegation gives what its giver has at one tenant: the right to answer its questions. It ends by itself, can be
withdrawn, is worth nothing once its giver has lost the role or was shut out, and cannot be passed on. The deputy
answers in their own name.
"""

from __future__ import annotations

from typing import Final

from hub.context import Context
from hub.errors import ForbiddenError, NotFoundError
from hub.roles import Person, Role
from hub.store import deeds, delegations, people
from hub.store.deeds import Deed
from hub.store.delegations import Delegation
from safety_core.edge import clock
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

LONGEST_SECONDS: Final = 60 * 86_400
"""Who is away for longer wants another owner, not a deputy."""


async def give(context: Context, tenant: TenantId, giver: Person, deputy_name: str, ends: float) -> Delegation:
    """Let somebody answer in the giver's place, from now until `ends`.

    Raises:
        ForbiddenError: the giver is no owner there.
        NotFoundError: there is nobody of this name.
        InputError: it would go to oneself, or end at a time that is none.
    """
    now = context.clock()
    if not now < ends <= now + LONGEST_SECONDS:
        raise InputError("end", f"must lie within the next {LONGEST_SECONDS // 86_400} days")
    async with context.database.write() as connection:
        if not (await people.roles_of(connection, giver.id)).has(Role.OWNER, tenant):
            raise ForbiddenError(f"tenant {tenant}", "has others who answer for it: only an owner has a deputy")
        deputy = await people.named(connection, deputy_name)
        if deputy is None:
            raise NotFoundError("person", "is not there", "write the name as it stands in the list of people")
        if deputy.id == giver.id:
            raise InputError("deputy", "is you")
        delegation = Delegation(clock.new_id(), tenant, giver.id, deputy.id, now, ends, now)
        await delegations.put(connection, delegation)
        await deeds.note(connection, Deed(now, giver.name, tenant, "delegate", f"{deputy.name} {delegation.id}"))
    return delegation


async def withdraw(context: Context, giver: Person, delegation: str) -> None:
    """End a delegation at once. Raises NotFoundError."""
    now = context.clock()
    async with context.database.write() as connection:
        if not await delegations.withdraw(connection, giver.id, delegation, now):
            raise NotFoundError("delegation", "is not there, or not yours")
        await deeds.note(connection, Deed(now, giver.name, TenantId(""), "withdraw delegation", delegation))


async def listed(context: Context, person: str) -> tuple[Delegation, ...]:
    """Return what a person gave and was given that has not ended."""
    async with context.database.read() as connection:
        return await delegations.listed(connection, person, context.clock())
