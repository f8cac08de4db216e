"""Token and cost totals. A bucket changes only by a newer sequence, and no total ever falls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import usage
from safety_core.model.tool_call import TenantId
from safety_core.model.usage import COUNTS, Usage, UsageBucket

_KEY: Final = ("tenant", "hour", "agent", "provider", "model")
_TOTALS: Final = ("requests", "estimated", "cost", "unpriced", *COUNTS)


async def merge(connection: AsyncConnection, tenant: TenantId, buckets: Iterable[UsageBucket]) -> None:
    """Take in what an edge reports; what is not newer changes nothing. Locks rows in key order: no deadlock."""
    rows = [{"tenant": tenant, **bucket.to_json()} for bucket in buckets]
    rows.sort(key=lambda row: [str(row[name]) for name in _KEY])
    statement = insert_into(connection, usage)
    new = statement.excluded
    larger = {name: case((new[name] > usage.c[name], new[name]), else_=usage.c[name]) for name in _TOTALS}
    upsert = statement.on_conflict_do_update(
        index_elements=_KEY, set_={**larger, "sequence": new.sequence}, where=new.sequence > usage.c.sequence
    )
    if rows:
        await connection.execute(upsert, rows)


async def listed(connection: AsyncConnection, tenant: TenantId, since: int = 0) -> tuple[UsageBucket, ...]:
    """Return the tenant's buckets from the hour `since` on (seconds since the epoch), in key order."""
    query = (
        select(usage)
        .where((usage.c.tenant == tenant) & (usage.c.hour >= since))
        .order_by(*(usage.c[name] for name in _KEY))
    )
    return tuple(
        UsageBucket(
            hour=row.hour,
            agent=row.agent,
            provider=row.provider,
            model=row.model,
            sequence=row.sequence,
            requests=row.requests,
            estimated=row.estimated,
            totals=Usage(**{name: getattr(row, name) for name in COUNTS}),
            cost=row.cost,
            unpriced=row.unpriced,
        )
        for row in await connection.execute(query)
    )
