"""What each edge is told, in order: places are drawn under the tenant's row lock, so they become visible in order."""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tenants
from hub.store.schema.answers import feed
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.model.tool_call import TenantId

_APPEND: Final = insert(feed)


async def append(connection: AsyncConnection, tenant: TenantId, item: JsonObject) -> int:
    """Put an item at the end of the tenant's feed; return its place. Whoever waits is told once the caller commits."""
    place = await tenants.next_decision(connection, tenant)
    await connection.execute(_APPEND, {"tenant": tenant, "place": place, "body": canonical_bytes(item)})
    return place


async def after(connection: AsyncConnection, tenant: TenantId, place: int, limit: int) -> tuple[tuple[int, bytes], ...]:
    """Return (place, item) of the tenant's feed after `place`, in order."""
    query = select(feed.c.place, feed.c.body).where((feed.c.tenant == tenant) & (feed.c.place > place))
    rows = await connection.execute(query.order_by(feed.c.place).limit(limit))
    return tuple((row.place, row.body) for row in rows)
