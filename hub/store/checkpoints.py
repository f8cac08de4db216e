"""The heads of tenants' audit logs: the newest, and the last of each day that the hub has cosigned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import checkpoints
from hub.store.schema.orders import cosigned
from safety_core.model.tool_call import TenantId

DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """The newest head of a tenant's audit log, and the newest that was proved to continue all before it.

    Attributes:
        root, proven_root: 64 hexadecimal digits.
        log: which of the tenant's logs; a person lets in a new one.
    """

    origin: str
    size: int
    root: str
    proven_size: int
    proven_root: str
    log: int = 1


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that the hub has cosigned, the last one of its day.

    Attributes:
        day: its start (UTC), seconds since the epoch.
        note: the log's note with its own signature and the hub's.
    """

    log: int
    day: int
    at: float
    size: int
    root: str
    note: str


async def find(connection: AsyncConnection, tenant: TenantId) -> StoredCheckpoint | None:
    """Return the head of the tenant's audit log as the hub knows it; locked until commit where rows can be."""
    query = select(checkpoints).where(checkpoints.c.tenant == tenant).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None or row.origin == "":
        return None
    return StoredCheckpoint(row.origin, row.size, row.root, row.proven_size, row.proven_root, row.log)


async def put(connection: AsyncConnection, tenant: TenantId, checkpoint: StoredCheckpoint, now: float) -> None:
    """Store the new head of the tenant's audit log; which log it is stays as it was."""
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


async def begin_anew(connection: AsyncConnection, tenant: TenantId) -> bool:
    """Let in a new log in the place of the one that is known; False where none is known."""
    statement = update(checkpoints).where((checkpoints.c.tenant == tenant) & (checkpoints.c.origin != ""))
    row = {"origin": "", "size": 0, "root": "", "proven_size": 0, "proven_root": "", "log": checkpoints.c.log + 1}
    return (await connection.execute(statement.values(**row).returning(checkpoints.c.log))).first() is not None


async def keep(connection: AsyncConnection, tenant: TenantId, size: int, root: str, note: str, now: float) -> None:
    """Keep what was cosigned, in place of what there was of the same day."""
    log = select(checkpoints.c.log).where(checkpoints.c.tenant == tenant).scalar_subquery()
    row = {"at": now, "size": size, "root": root, "note": note}
    day = int(now) // DAY * DAY
    statement = insert_into(connection, cosigned).values(tenant=tenant, log=log, day=day, **row)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "log", "day"], set_=row, where=cosigned.c.size <= statement.excluded.size
        )
    )


async def kept(
    connection: AsyncConnection, tenant: TenantId, limit: int = 1000, before: int | None = None
) -> tuple[Cosigned, ...]:
    """Return what was cosigned, the newest first; `before`: a day to go on from."""
    query = select(cosigned).where(cosigned.c.tenant == tenant)
    if before is not None:
        query = query.where(cosigned.c.day < before)
    rows = await connection.execute(query.order_by(cosigned.c.log.desc(), cosigned.c.day.desc()).limit(limit))
    return tuple(Cosigned(row.log, row.day, row.at, row.size, row.root, row.note) for row in rows)


async def current(connection: AsyncConnection, tenant: TenantId) -> StoredCheckpoint | None:
    """Return the head of the tenant's audit log, for looking at."""
    row = (await connection.execute(select(checkpoints).where(checkpoints.c.tenant == tenant))).first()
    if row is None:
        return None
    return StoredCheckpoint(row.origin, row.size, row.root, row.proven_size, row.proven_root, row.log)
