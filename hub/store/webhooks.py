"""Where tenants want events sent to. The secrets that sign them lie here sealed."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.notices import webhooks
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver. `secret` is sealed; `events` are words ("question", "answer" ...)."""

    id: str
    tenant: TenantId
    url: str
    secret: bytes = field(repr=False)
    events: frozenset[str]
    created: float


def _webhook(row: Row[tuple[object, ...]]) -> Webhook:
    return Webhook(row.id, row.tenant, row.url, row.secret, frozenset(row.events.split()), row.created)


async def put(connection: AsyncConnection, webhook: Webhook) -> None:
    """Store a new receiver."""
    await connection.execute(
        insert_into(connection, webhooks).values(
            id=webhook.id,
            tenant=webhook.tenant,
            url=webhook.url,
            secret=webhook.secret,
            events=" ".join(sorted(webhook.events)),
            created=webhook.created,
        )
    )


async def listed(connection: AsyncConnection, tenant: TenantId) -> tuple[Webhook, ...]:
    """Return a tenant's receivers, the oldest first."""
    query = select(webhooks).where(webhooks.c.tenant == tenant).order_by(webhooks.c.created, webhooks.c.id)
    return tuple(_webhook(row) for row in await connection.execute(query))


async def find(connection: AsyncConnection, webhook: str) -> Webhook | None:
    """Return one receiver."""
    row = (await connection.execute(select(webhooks).where(webhooks.c.id == webhook))).first()
    return None if row is None else _webhook(row)


async def remove(connection: AsyncConnection, tenant: TenantId, webhook: str) -> bool:
    """Take a receiver away; False if the tenant has no such one."""
    mine = (webhooks.c.id == webhook) & (webhooks.c.tenant == tenant)
    return (await connection.execute(delete(webhooks).where(mine).returning(webhooks.c.id))).first() is not None
