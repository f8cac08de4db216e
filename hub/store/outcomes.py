"""What edges say became of questions. What may follow what is `hub.approvals.reports`'s."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import approvals
from hub.store.schema.standing import outcomes
from safety_core.model.approval import ApprovalState, Report, RequestId
from safety_core.model.tool_call import TenantId


async def add(connection: AsyncConnection, tenant: TenantId, report: Report) -> bool:
    """Keep a report; False if it has come before."""
    statement = insert_into(connection, outcomes).values(
        tenant=tenant,
        request=report.request,
        state=report.state.value,
        by=report.by.replace("\x00", " "),
        at=report.at,
        replaced=report.replaced,
    )
    done = await connection.execute(statement.on_conflict_do_nothing().returning(outcomes.c.request))
    return done.first() is not None


async def of(
    connection: AsyncConnection, tenant: TenantId, requests: Collection[RequestId]
) -> Mapping[RequestId, tuple[Report, ...]]:
    """Return what became of each of these questions, in order."""
    found: dict[RequestId, tuple[Report, ...]] = defaultdict(tuple)
    query = select(outcomes).where((outcomes.c.tenant == tenant) & outcomes.c.request.in_(requests))
    for row in await connection.execute(query.order_by(outcomes.c.at, outcomes.c.state)):
        replaced = RequestId(row.replaced) if row.replaced else None
        report = Report(RequestId(row.request), ApprovalState(row.state), row.by, row.at, replaced)
        found[report.request] += (report,)
    return found


async def move(connection: AsyncConnection, tenant: TenantId, report: Report, before: ApprovalState) -> bool:
    """Move a question from `before` to where its edge has it; False if it does not stand there any more."""
    there = (approvals.c.tenant == tenant) & (approvals.c.id == report.request) & (approvals.c.state == before.value)
    said = "\n" + report.by.replace("\x00", " ").casefold()
    statement = update(approvals).where(there).values(state=report.state.value, words=approvals.c.words + said)
    return (await connection.execute(statement.returning(approvals.c.id))).first() is not None
