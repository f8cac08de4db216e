"""Who the tenants are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import tenants
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer. `public` (Ed25519, hexadecimal) is None until the tenant has registered."""

    id: TenantId
    public: str | None
    created: float


async def add(connection: AsyncConnection, tenant: TenantId, now: float) -> bool:
    """Add a tenant; False if there is one of this name."""
    statement = insert_into(connection, tenants).values(id=tenant, created=now, decisions=0)
    added = await connection.execute(statement.on_conflict_do_nothing().returning(tenants.c.id))
    return added.first() is not None


async def find(connection: AsyncConnection, tenant: TenantId) -> Tenant | None:
    """Return the tenant of this name."""
    query = select(tenants.c.id, tenants.c.public, tenants.c.created).where(tenants.c.id == tenant)
    row = (await connection.execute(query)).first()
    return None if row is None else Tenant(row.id, row.public, row.created)


async def listed(connection: AsyncConnection) -> tuple[Tenant, ...]:
    """Return all tenants by name."""
    query = select(tenants.c.id, tenants.c.public, tenants.c.created).order_by(tenants.c.id)
    return tuple(Tenant(row.id, row.public, row.created) for row in await connection.execute(query))


async def set_public(connection: AsyncConnection, tenant: TenantId, public: str, now: float) -> None:
    """Bind the key with which the tenant signs from now on; a key it had before no longer counts."""
    await connection.execute(update(tenants).where(tenants.c.id == tenant).values(public=public, registered=now))


async def next_decision(connection: AsyncConnection, tenant: TenantId) -> int:
    """Take the next place in the tenant's feed. The row stays locked until commit: places become visible in order."""
    statement = update(tenants).where(tenants.c.id == tenant).values(decisions=tenants.c.decisions + 1)
    return int((await connection.execute(statement.returning(tenants.c.decisions))).scalar_one())


async def last_decision(connection: AsyncConnection, tenant: TenantId) -> int:
    """Return the newest place in the tenant's feed."""
    return int((await connection.execute(select(tenants.c.decisions).where(tenants.c.id == tenant))).scalar_one())
