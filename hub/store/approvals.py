"""Questions and answers. What may follow what is `hub.approvals`'s; here a state changes only from a named one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import approvals
from safety_core.model.approval import ApprovalState, RequestId
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """One question.

    Attributes:
        request, grant: canonical JSON, as it came; the grant is empty until it is answered.
        received, expires: seconds since the epoch, by the hub's clock.
    """

    id: RequestId
    state: ApprovalState
    request: bytes
    received: float
    expires: float
    grant: bytes = b""


def _stored(row: Row[tuple[object, ...]]) -> StoredApproval:
    state = ApprovalState(row.state)
    return StoredApproval(RequestId(row.id), state, row.request, row.received, row.expires, row.grant_json or b"")


async def insert(connection: AsyncConnection, tenant: TenantId, approval: StoredApproval) -> bool:
    """Store a new question; False if the tenant has one with this id."""
    statement = insert_into(connection, approvals).values(
        tenant=tenant,
        id=approval.id,
        state=approval.state.value,
        request=approval.request,
        received=approval.received,
        expires=approval.expires,
    )
    return (await connection.execute(statement.on_conflict_do_nothing().returning(approvals.c.id))).first() is not None


async def find(connection: AsyncConnection, tenant: TenantId, request: RequestId) -> StoredApproval | None:
    """Return the tenant's question with this id."""
    query = select(approvals).where((approvals.c.tenant == tenant) & (approvals.c.id == request))
    row = (await connection.execute(query)).first()
    return None if row is None else _stored(row)


async def listed(
    connection: AsyncConnection, tenant: TenantId, state: ApprovalState | None, limit: int
) -> tuple[StoredApproval, ...]:
    """Return the tenant's questions, the newest first."""
    query = select(approvals).where(approvals.c.tenant == tenant)
    if state is not None:
        query = query.where(approvals.c.state == state.value)
    rows = await connection.execute(query.order_by(approvals.c.received.desc(), approvals.c.id).limit(limit))
    return tuple(_stored(row) for row in rows)


async def pending(connection: AsyncConnection, tenant: TenantId, now: float) -> int:
    """Count the tenant's open questions."""
    query = select(func.count()).where(
        (approvals.c.tenant == tenant)
        & (approvals.c.state == ApprovalState.PENDING.value)
        & (approvals.c.expires >= now)
    )
    return int((await connection.execute(query)).scalar_one())


async def expire(connection: AsyncConnection, tenant: TenantId, now: float) -> None:
    """Close the tenant's questions whose time has run out."""
    late = (
        (approvals.c.tenant == tenant)
        & (approvals.c.state == ApprovalState.PENDING.value)
        & (approvals.c.expires < now)
    )
    await connection.execute(update(approvals).where(late).values(state=ApprovalState.EXPIRED.value))


async def answer(
    connection: AsyncConnection, tenant: TenantId, request: RequestId, state: ApprovalState, grant: bytes, feed: int
) -> bool:
    """Move a pending question to `state` with its signed answer; False if it was not pending any more."""
    open_one = (
        (approvals.c.tenant == tenant)
        & (approvals.c.id == request)
        & (approvals.c.state == ApprovalState.PENDING.value)
    )
    statement = update(approvals).where(open_one).values(state=state.value, grant_json=grant, feed=feed)
    return (await connection.execute(statement.returning(approvals.c.id))).first() is not None


async def answers_after(
    connection: AsyncConnection, tenant: TenantId, after: int, limit: int
) -> tuple[tuple[int, bytes], ...]:
    """Return (place, grant) of the tenant's feed after place `after`, in order."""
    query = select(approvals.c.feed, approvals.c.grant_json).where(
        (approvals.c.tenant == tenant) & (approvals.c.feed > after)
    )
    rows = await connection.execute(query.order_by(approvals.c.feed).limit(limit))
    return tuple((row.feed, row.grant_json) for row in rows)
