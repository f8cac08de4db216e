"""What a person should look at: raised once for each subject, cleared when it is over, acknowledged by somebody."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import alerts
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should look at.

    Attributes:
        at: since when, seconds since the epoch.
        subject: what makes it one and the same alert, however often it is raised.
        cleared: when it was over; None while it is not.
        acknowledged: when somebody (`person`) said that they know; None while nobody has.
    """

    tenant: TenantId
    at: float
    kind: str
    subject: str
    reason: str
    id: int = 0
    cleared: float | None = None
    acknowledged: float | None = None
    person: str = ""


async def put(connection: AsyncConnection, alert: Alert) -> bool:
    """Store an alert. False where the same one is open already; one that was over is open anew."""
    row = {"at": alert.at, "reason": alert.reason, "cleared": None, "acknowledged": None, "person": None}
    statement = insert_into(connection, alerts).values(
        tenant=alert.tenant, kind=alert.kind, subject=alert.subject, **row
    )
    statement = statement.on_conflict_do_update(
        index_elements=["tenant", "kind", "subject"], set_=row, where=alerts.c.cleared.is_not(None)
    )
    return (await connection.execute(statement.returning(alerts.c.id))).first() is not None


async def clear(connection: AsyncConnection, alert: Alert, now: float) -> None:
    """Note that it is over."""
    this = (alerts.c.id == alert.id) & alerts.c.cleared.is_(None)
    await connection.execute(update(alerts).where(this).values(cleared=now))


async def over(
    connection: AsyncConnection, tenant: TenantId, kind: str, now: float, subject: str | None = None
) -> None:
    """Note that what a tenant's alerts of this kind say is over: of one subject, or of all (None)."""
    these = (alerts.c.tenant == tenant) & (alerts.c.kind == kind) & alerts.c.cleared.is_(None)
    if subject is not None:
        these = these & (alerts.c.subject == subject)
    await connection.execute(update(alerts).where(these).values(cleared=now))


async def acknowledge(connection: AsyncConnection, tenant: TenantId, number: int, person: str, now: float) -> bool:
    """Note that somebody knows; False where there is no such alert of this tenant, or somebody was first."""
    this = (alerts.c.tenant == tenant) & (alerts.c.id == number) & alerts.c.acknowledged.is_(None)
    statement = update(alerts).where(this).values(acknowledged=now, person=person).returning(alerts.c.id)
    return (await connection.execute(statement)).first() is not None


async def open_of(connection: AsyncConnection, tenant: TenantId) -> tuple[Alert, ...]:
    """Return the tenant's alerts that are not over, the oldest first."""
    query = select(alerts).where((alerts.c.tenant == tenant) & alerts.c.cleared.is_(None)).order_by(alerts.c.id)
    return tuple([_alert(row) for row in await connection.execute(query)])


async def all_open(connection: AsyncConnection) -> tuple[Alert, ...]:
    """Return every tenant's alerts that are not over, by tenant, the oldest first."""
    query = select(alerts).where(alerts.c.cleared.is_(None)).order_by(alerts.c.tenant, alerts.c.id)
    return tuple([_alert(row) for row in await connection.execute(query)])


async def newest(connection: AsyncConnection, tenant: TenantId, limit: int = 50) -> tuple[Alert, ...]:
    """Return the tenant's alerts, those that are over as well, the newest first."""
    query = select(alerts).where(alerts.c.tenant == tenant).order_by(alerts.c.at.desc(), alerts.c.id.desc())
    return tuple([_alert(row) for row in await connection.execute(query.limit(limit))])


def _alert(row: object) -> Alert:
    values = {name: getattr(row, name) for name in Alert.__slots__}
    return Alert(**{**values, "person": values["person"] or ""})
