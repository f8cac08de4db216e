"""An approver's other arguments for a call: signed by the hub, judged and asked about anew by the edge.

An edit permits nothing, so the hub's key is enough for it, whatever the call. Until the edge says what became of it,
the question stays open; then another one stands in its place, or a word says why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.approvals import feed, questions
from hub.approvals.approver import Approver
from hub.approvals.questions import Question
from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError
from hub.store import approvals, standing
from hub.store.standing import SentEdit
from safety_core.approve import Answer
from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.edits import edit_of
from safety_core.errors import InputError
from safety_core.model.approval import ApprovalRequest, ApprovalState, RequestId
from safety_core.model.policy import KeyKind
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import check_shape


async def edit(context: Context, approver: Approver, request_id: RequestId, params: JsonObject) -> None:
    """Send the edge other arguments for the call that a question is about.

    Raises:
        NotFoundError: the tenant has no such question.
        InputError, LimitError: nothing is changed, or nobody could be told it.
        ConflictError: it is not open, or an earlier edit of it is on its way.
    """
    check_shape(params, "arguments")
    now, tenant = context.clock(), approver.tenant
    question = await questions.find(context, tenant, request_id)
    if question.request.params == params:
        raise InputError("arguments", "are the same as before", "change them, or approve the call as it is")
    said = Answer(allow=True, approver=approver.name, origin=approver.said_from, nonce=clock.new_id())
    signed = edit_of(question.request, params, context.keys.approvals, KeyKind.HUB, said, now)
    async with context.database.write() as connection:
        stored = await approvals.find(connection, tenant, request_id, lock=True)
        state = ApprovalState.CANCELLED if stored is None else questions.state_at(stored, now)
        if state is not ApprovalState.PENDING:
            raise ConflictError(f"approval {request_id}", f"is {state}", "have the agent ask again")
        last = await standing.last_edit(connection, tenant, request_id)
        if last is not None and last.waits:
            raise ConflictError(
                f"approval {request_id}", "is being changed already", "wait until its edge has taken that up"
            )
        await standing.add_edit(connection, tenant, signed, now)
        await feed.append(connection, tenant, signed)
    for topic in (Topic.FEED, Topic.INBOX):
        context.bus.ring(tenant, topic)


async def sent(context: Context, tenant: TenantId, request_id: RequestId) -> SentEdit | None:
    """Return the newest edit of a question, on its way or refused; None where there is none."""
    async with context.database.read() as connection:
        return await standing.last_edit(connection, tenant, request_id)


async def sent_of(context: Context, asked: Sequence[Question]) -> Mapping[tuple[TenantId, RequestId], SentEdit]:
    """Return the newest edit of each of these questions that has one, on its way or refused."""
    async with context.database.read() as connection:
        return await standing.last_edits(connection, [one.key for one in asked])


async def changed_by(context: Context, question: ApprovalRequest) -> str:
    """Return which approver's change this question follows from; "" where it follows from none that is known."""
    if question.edited_from is None:
        return ""
    async with context.database.read() as connection:
        edit = await standing.last_edit(connection, question.tenant, question.edited_from)
    return "" if edit is None else edit.edit.approver
