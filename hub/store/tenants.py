"""Who the tenants are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import tenants, tokens
from hub.store.schema.orders import taken_back as former
from hub.store.tokens import TokenKind
from safety_core.model.tool_call import TenantId

_KEYS: Final = select(tenants.c.id, tenants.c.public).where(
    tenants.c.id.in_(bindparam("names", expanding=True)) & tenants.c.public.is_not(None)
)


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


async def keys_of(connection: AsyncConnection, names: Collection[TenantId]) -> dict[TenantId, str]:
    """Return the keys (Ed25519, hexadecimal) of those of the tenants that have one."""
    rows = await connection.execute(_KEYS, {"names": sorted(names)})
    return {TenantId(row.id): row.public for row in rows}


async def listed(connection: AsyncConnection) -> tuple[Tenant, ...]:
    """Return all tenants by name."""
    query = select(tenants.c.id, tenants.c.public, tenants.c.created).order_by(tenants.c.id)
    return tuple(Tenant(row.id, row.public, row.created) for row in await connection.execute(query))


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A key that counts no longer. `public`: Ed25519, hexadecimal; `at`: since when."""

    public: str
    at: float
    person: str


async def take_back(connection: AsyncConnection, tenant: TenantId, person: str, now: float) -> bool:
    """Have the tenant's key count no longer, nor any token to register another; False where there is no key."""
    known = await find(connection, tenant)
    if known is None or known.public is None:
        return False
    await _retire(connection, tenant, known.public, person, now)
    mine = (tokens.c.tenant == tenant) & (tokens.c.kind == TokenKind.REGISTER.value)
    await connection.execute(delete(tokens).where(mine))
    await connection.execute(update(tenants).where(tenants.c.id == tenant).values(public=None))
    return True


async def taken_back(connection: AsyncConnection, tenant: TenantId, limit: int = 20) -> tuple[TakenBack, ...]:
    """Return the tenant's keys that count no longer, the newest first."""
    query = select(former).where(former.c.tenant == tenant).order_by(former.c.at.desc()).limit(limit)
    return tuple(TakenBack(row.public, row.at, row.person) for row in await connection.execute(query))


async def was_taken_back(connection: AsyncConnection, tenant: TenantId, public: str) -> bool:
    """Tell whether this key once was the tenant's and counts no longer."""
    query = select(former.c.at).where((former.c.tenant == tenant) & (former.c.public == public))
    return (await connection.execute(query)).first() is not None


async def _retire(connection: AsyncConnection, tenant: TenantId, public: str, person: str, now: float) -> None:
    statement = insert_into(connection, former).values(tenant=tenant, public=public, at=now, person=person)
    await connection.execute(statement.on_conflict_do_nothing())


async def set_public(connection: AsyncConnection, tenant: TenantId, public: str, now: float) -> None:
    """Bind the key with which the tenant signs from now on; a key it had before no longer counts."""
    known = await find(connection, tenant)
    if known is not None and known.public not in {None, public}:
        await _retire(connection, tenant, str(known.public), "registration", now)
    await connection.execute(update(tenants).where(tenants.c.id == tenant).values(public=public, registered=now))


_NEXT: Final = (
    update(tenants)
    .where(tenants.c.id == bindparam("of"))
    .values(decisions=tenants.c.decisions + 1)
    .returning(tenants.c.decisions)
)


async def next_decision(connection: AsyncConnection, tenant: TenantId) -> int:
    """Take the next place in the tenant's feed. The row stays locked until commit: places become visible in order."""
    return int((await connection.execute(_NEXT, {"of": tenant})).scalar_one())


async def last_decision(connection: AsyncConnection, tenant: TenantId) -> int:
    """Return the newest place in the tenant's feed."""
    return int((await connection.execute(select(tenants.c.decisions).where(tenants.c.id == tenant))).scalar_one())
