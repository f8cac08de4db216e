"""The hub's own audit: every sign-in, every answer, every change that a person made. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.people import deeds
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did.

    Attributes:
        at: seconds since the epoch.
        person: name; empty for nobody we know.
        tenant: empty where it concerns the hub as a whole.
        deed: "sign-in", "sign-in refused", "approve" ...
        subject: on what: a question's id, another person's name.
        address: from which network address.
    """

    at: float
    person: str
    tenant: TenantId
    deed: str
    subject: str = ""
    address: str = ""


async def note(connection: AsyncConnection, deed: Deed) -> None:
    """Write a deed down, in the transaction that does it."""
    await connection.execute(insert_into(connection, deeds).values(**asdict(deed)))


async def about(connection: AsyncConnection, tenant: TenantId, subject: str) -> tuple[Deed, ...]:
    """Return what was done about one subject of a tenant, in order."""
    query = select(deeds).where((deeds.c.tenant == tenant) & (deeds.c.subject == subject)).order_by(deeds.c.id)
    rows = await connection.execute(query.limit(100))
    return tuple(_deed(row) for row in rows)


async def found(
    connection: AsyncConnection,
    tenants: Collection[TenantId] | None = None,
    words: str = "",
    limit: int = 100,
    before: int | None = None,
) -> tuple[tuple[int, Deed], ...]:
    """Return (number, deed), the newest first, in which each word stands.

    Args:
        tenants: at which it was done ("": the hub as a whole); None for any.
        before: a number to go on from.
    """
    query = select(deeds).order_by(deeds.c.id.desc()).limit(limit)
    if tenants is not None:
        query = query.where(deeds.c.tenant.in_(list(tenants)))
    for word in words.split():
        columns = (deeds.c.person, deeds.c.tenant, deeds.c.deed, deeds.c.subject, deeds.c.address)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if before is not None:
        query = query.where(deeds.c.id < before)
    return tuple((row.id, _deed(row)) for row in await connection.execute(query))


def _deed(row: Row[tuple[object, ...]]) -> Deed:
    return Deed(row.at, row.person, TenantId(row.tenant), row.deed, row.subject, row.address)
