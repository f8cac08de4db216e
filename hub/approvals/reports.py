"""What edges say became of questions: answered by a chat's button, used, expired, replaced by one about another call.

The hub's own state follows, as far as `safety_core.approve.TRANSITIONS` lets it; where the two contradict each other
(answered here and in a chat at the same moment), both are shown, for what ran is what the edge says. A report may come
again, and changes nothing then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub import happenings
from hub.auth.callers import edge_call
from hub.bus import Topic
from hub.context import Context
from hub.store import approvals, outcomes, standing
from safety_core.approve import TRANSITIONS
from safety_core.model.approval import ApprovalState, Report, RequestId
from safety_core.model.tool_call import TenantId
from safety_core.wire.feed import told_from_json
from safety_core.wire.reader import Reader


async def receive(request: Request, context: Context) -> Response:
    """Take an edge's reports."""
    call = await edge_call(request, context)
    told = told_from_json(Reader.parse(call.body, "reports"))
    await take(context, call.tenant, told.questions)
    async with context.database.write() as connection:
        for said in told.standing:
            await standing.said_of(connection, call.tenant, said)
    return JSONResponse({"ok": True})


async def take(context: Context, tenant: TenantId, reports: Iterable[Report]) -> None:
    """Keep what became of a tenant's questions, in one transaction. What is about no question of theirs is dropped."""
    now = context.clock()
    async with context.database.write() as connection:
        for report in reports:
            await _take(connection, tenant, report, now)
    context.bus.ring(tenant, Topic.INBOX)


async def of(
    context: Context, tenant: TenantId, requests: Collection[RequestId]
) -> Mapping[RequestId, tuple[Report, ...]]:
    """Return what became of each of these questions at its edge, in order; nothing where it has said nothing."""
    async with context.database.read() as connection:
        return await outcomes.of(connection, tenant, requests)


async def _take(connection: AsyncConnection, tenant: TenantId, report: Report, now: float) -> None:
    stored = await approvals.find(connection, tenant, report.request, lock=True)
    if stored is None:
        return
    if report.refused:
        await standing.refuse_edit(connection, tenant, report.request, report.refused)
        return
    if not await outcomes.add(connection, tenant, report) or not _follows(stored.state, report.state):
        return
    moved = await outcomes.move(connection, tenant, report, stored.state)
    if moved and stored.state is ApprovalState.PENDING:
        await happenings.settled(connection, tenant, report.request, report.state, report.by, now)


def _follows(before: ApprovalState, after: ApprovalState) -> bool:
    """Tell whether there is a way from one state to the other: a report in between may have been lost with a backup."""
    return any(step is after or _follows(step, after) for step in TRANSITIONS[before])
