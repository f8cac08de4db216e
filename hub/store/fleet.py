"""What edges report about themselves: the last heartbeat, the audit log's head, and what contradicted it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import alerts, checkpoints, heartbeats
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Heartbeat
from safety_core.wire.posture import Posture, posture_from


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """The newest head of a tenant's audit log, and the newest that was proved to continue all before it.

    Attributes:
        root, proven_root: 64 hexadecimal digits.
    """

    origin: str
    size: int
    root: str
    proven_size: int
    proven_root: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should look at."""

    tenant: TenantId
    at: float
    kind: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When an edge last reported, what was in force there, and what its doctor had found."""

    tenant: TenantId
    at: float
    policy: str
    policy_version: int
    posture: Posture | None


async def put_heartbeat(connection: AsyncConnection, tenant: TenantId, beat: Heartbeat, now: float) -> None:
    """Store the newest heartbeat of a tenant."""
    versions: JsonObject = {component.value: version for component, version in beat.versions.items()}
    row = {
        "at": now,
        "versions": canonical_bytes(versions),
        "policy": beat.policy,
        "policy_version": beat.policy_version,
        "pending": beat.pending,
        "unsent": beat.unsent,
        "posture": None if beat.posture is None else canonical_bytes(beat.posture.to_json()),
    }
    statement = insert_into(connection, heartbeats).values(tenant=tenant, **row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=row))


async def last_seen(connection: AsyncConnection) -> tuple[LastSeen, ...]:
    """Return every tenant's last heartbeat."""
    rows = await connection.execute(select(heartbeats).order_by(heartbeats.c.tenant))
    return tuple(LastSeen(row.tenant, row.at, row.policy, row.policy_version, _posture(row.posture)) for row in rows)


def _posture(stored: bytes | None) -> Posture | None:
    return None if stored is None else posture_from(stored)


async def find_checkpoint(connection: AsyncConnection, tenant: TenantId) -> StoredCheckpoint | None:
    """Return the head of the tenant's audit log as the hub knows it; locked until commit where rows can be."""
    query = select(checkpoints).where(checkpoints.c.tenant == tenant).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return StoredCheckpoint(row.origin, row.size, row.root, row.proven_size, row.proven_root)


async def put_checkpoint(
    connection: AsyncConnection, tenant: TenantId, checkpoint: StoredCheckpoint, now: float
) -> None:
    """Store the new head of the tenant's audit log."""
    row = {
        "at": now,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "proven_size": checkpoint.proven_size,
        "proven_root": checkpoint.proven_root,
    }
    statement = insert_into(connection, checkpoints).values(tenant=tenant, **row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=row))


async def raise_alert(connection: AsyncConnection, alert: Alert) -> None:
    """Store an alert; the same one again is no second alert."""
    statement = insert_into(connection, alerts).values(
        tenant=alert.tenant, at=alert.at, kind=alert.kind, subject=alert.subject, reason=alert.reason
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def alerts_of(connection: AsyncConnection, tenant: TenantId) -> tuple[Alert, ...]:
    """Return the tenant's alerts, the oldest first."""
    rows = await connection.execute(select(alerts).where(alerts.c.tenant == tenant).order_by(alerts.c.id))
    return tuple(Alert(row.tenant, row.at, row.kind, row.subject, row.reason) for row in rows)
