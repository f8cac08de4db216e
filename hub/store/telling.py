"""How a tenant's people want to be told, who of them first, and whom a message concerns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.roles import EVERYWHERE, Role
from hub.store.engine import insert_into
from hub.store.schema.edges import approvals
from hub.store.schema.notices import escalations, telling
from hub.store.schema.people import people, roles
from safety_core.model.approval import ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Telling:
    """A tenant's settings.

    Attributes:
        zone: IANA time zone in which the minutes of the day are meant.
        quiet_from, quiet_to: minutes of the day between which nothing is sent; equal for never.
        quiet_level: what comes through at any hour.
        escalate_seconds: without an answer for so long, the next people are told as well; 0 for never.
        digest_minute: when the daily summary goes out, minute of the day; -1 for never.
        hourly: messages that one person gets in an hour at most; the rest waits, and one message says how much.
    """

    zone: str = "UTC"
    quiet_from: int = 0
    quiet_to: int = 0
    quiet_level: Level = Level.CRITICAL_RED
    escalate_seconds: int = 3600
    digest_minute: int = -1
    hourly: int = 30


async def find(connection: AsyncConnection, tenant: TenantId) -> Telling:
    """Return a tenant's settings."""
    row = (await connection.execute(select(telling).where(telling.c.tenant == tenant))).first()
    if row is None:
        return Telling()
    values = {name: getattr(row, name) for name in Telling.__slots__}
    return Telling(**{**values, "quiet_level": Level(row.quiet_level)})


async def put(connection: AsyncConnection, tenant: TenantId, chosen: Telling) -> None:
    """Store a tenant's settings."""
    row = {**asdict(chosen), "quiet_level": chosen.quiet_level.value}
    statement = insert_into(connection, telling).values(tenant=tenant, **row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=row))


async def with_digest(connection: AsyncConnection) -> tuple[TenantId, ...]:
    """Return the tenants whose people get a daily summary."""
    query = select(telling.c.tenant).where(telling.c.digest_minute >= 0).order_by(telling.c.tenant)
    return tuple((await connection.execute(query)).scalars())


async def steps(connection: AsyncConnection, tenant: TenantId) -> Mapping[str, int]:
    """Return who is told in which step; who is not named is in step 0."""
    rows = await connection.execute(select(escalations).where(escalations.c.tenant == tenant))
    return {row.person: row.step for row in rows}


async def set_step(connection: AsyncConnection, tenant: TenantId, person: str, step: int) -> None:
    """Put a person into a step."""
    mine = (escalations.c.tenant == tenant) & (escalations.c.person == person)
    await connection.execute(delete(escalations).where(mine))
    if step:
        await connection.execute(insert_into(connection, escalations).values(tenant=tenant, person=person, step=step))


async def holders(connection: AsyncConnection, tenant: TenantId, kinds: Collection[Role]) -> tuple[str, ...]:
    """Return who has one of these roles at a tenant and is not shut out: ids, in order."""
    query = (
        select(people.c.id)
        .join(roles, roles.c.person == people.c.id)
        .where(people.c.disabled.is_(None) & roles.c.tenant.in_([tenant, EVERYWHERE]))
        .where(roles.c.role.in_([kind.value for kind in kinds]))
        .distinct()
        .order_by(people.c.id)
    )
    return tuple((await connection.execute(query)).scalars())


async def counts(connection: AsyncConnection, tenant: TenantId, since: float) -> Mapping[str, int]:
    """Return how many questions came since `since`, by where they stand, and under "open" how many wait in all."""
    recent = (approvals.c.tenant == tenant) & (approvals.c.received >= since)
    query = select(approvals.c.state, func.count()).where(recent).group_by(approvals.c.state)
    found = {row[0]: int(row[1]) for row in await connection.execute(query)}
    still = (approvals.c.tenant == tenant) & (approvals.c.state == ApprovalState.PENDING.value)
    found["open"] = int((await connection.execute(select(func.count()).where(still))).scalar_one())
    return found
