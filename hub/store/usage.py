"""Token and cost totals. A bucket changes only by a newer sequence, and no total ever falls."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.schema.edges import usage
from safety_core.model.tool_call import TenantId
from safety_core.model.usage import COUNTS, Usage, UsageBucket
from safety_core.wire.usage_rows import FIELDS, NUMBERS, Row

_KEY: Final = ("tenant", "hour", "agent", "provider", "model")
_TOTALS: Final = ("requests", "estimated", "cost", "unpriced", *COUNTS)
_COLUMNS: Final = ("tenant", *FIELDS)
_KEY_OF: Final = itemgetter(*(FIELDS.index(name) for name in _KEY[1:]))


async def merge(connection: AsyncConnection, tenant: TenantId, rows: Sequence[Row]) -> None:
    """Take in what an edge reports; what is not newer changes nothing. Locks rows in key order: no deadlock."""
    if not rows:
        return
    newest = sorted({_KEY_OF(row): row for row in rows}.values(), key=_KEY_OF)
    if len(newest) < len(rows):  # a bucket comes twice: one after the other, and seldom
        for row in rows:
            await merge(connection, tenant, [row])
    elif connection.dialect.name == "postgresql":
        columns = zip(*newest, strict=True)
        await connection.exec_driver_sql(_POSTGRESQL, (tenant, *(list(column) for column in columns)))
    else:
        await connection.exec_driver_sql(_SQLITE, [(tenant, *row) for row in newest])


def _upsert(values: str, larger: str) -> str:
    """Return the statement: whole arrays, or the same thousand times, without a look at each value by SQLAlchemy."""
    totals = ", ".join(f"{name} = {larger}(usage.{name}, excluded.{name})" for name in _TOTALS)
    return (
        f"INSERT INTO usage ({', '.join(_COLUMNS)}) {values} ON CONFLICT ({', '.join(_KEY)})"
        f" DO UPDATE SET sequence = excluded.sequence, {totals} WHERE excluded.sequence > usage.sequence"
    )


_ARRAYS: Final = ", ".join(
    f"${place}::{'bigint' if place < NUMBERS + 2 else 'text'}[]" for place in range(2, len(FIELDS) + 2)
)
_UNNESTED: Final = f"SELECT $1::text, * FROM unnest({_ARRAYS})"  # noqa: S608 - of constants
_POSTGRESQL: Final = _upsert(_UNNESTED, "greatest")
_SQLITE: Final = _upsert(f"VALUES ({', '.join('?' * len(_COLUMNS))})", "max")


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
