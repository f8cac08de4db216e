"""An approver's other arguments for a call that waits: a new call, judged and asked about in place of the first.

The edit permits nothing, whoever signed it. What policy denies stays denied, and what it would allow without a question
is asked about all the same, so that the answer is to exactly the call that the approver sees. Both are in the audit, by
their digests.
"""

from __future__ import annotations

from dataclasses import replace

from safety_core import approve
from safety_core.edits import check_edit
from safety_core.errors import ExpiredGrantError, InputError, MismatchedGrantError, ReplayedGrantError, SafetyError
from safety_core.flow import effects
from safety_core.flow.answers import Context, Refused
from safety_core.flow.case import Case, weighed
from safety_core.flow.effects import Flow
from safety_core.flow.entrust import needs_edge, plan_for
from safety_core.flow.permission import denied
from safety_core.flow.refusal import refusal_of
from safety_core.flow.scrub import check_hidden, scrubbed
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Edit, RequestId
from safety_core.model.level import Outcome
from safety_core.model.record import Event
from safety_core.model.secret import refs_in
from safety_core.model.tool_call import CallId, ToolCall


def edited(edit: Edit, approval: Approval, context: Context) -> Flow[ApprovalRequest | Refused]:
    """Return the question that stands in place of the one an approver changed, or why that one stays as it is."""
    try:
        case = yield from _changed(edit, approval, context)
        if case.ruling.outcome is not Outcome.DENY:
            return (yield from _asked_instead(edit, approval.request, case, context))
        refusal = denied(case)
    except SafetyError as error:
        refusal = refusal_of(error, context.redactor)
    now = yield from effects.Now()
    yield from effects.Record(approve.entry_of(approval.request, now, "edit_refused", rules=(refusal.rule,)))
    return refusal


def _changed(edit: Edit, approval: Approval, context: Context) -> Flow[Case]:
    """Return the changed call as it is judged now. Raises SafetyError where it is none of this question."""
    asked, thing = approval.request, f"edit of {approval.request.id}"
    check_edit(edit, asked, context.policy)
    now = yield from effects.Now()
    if approval.state is not ApprovalState.PENDING:
        raise ReplayedGrantError(thing, f"the request is {approval.state} already")
    if now > asked.expires:
        raise ExpiredGrantError(thing, "its time is over", "let the agent ask again")
    call = ToolCall(CallId(f"edit-{edit.nonce}"), asked.tenant, asked.agent, asked.session, asked.tool, edit.params)
    clean = yield from scrubbed(call, context.redactor)
    check_hidden(call, clean, context)
    case, _ = yield from weighed(clean, context, None)
    if case.verdict.facts.tool != asked.tool:
        raise MismatchedGrantError(thing, "makes it the call of another tool", "change arguments only")
    if case.ruling.outcome is not Outcome.DENY and needs_edge(case, context, refers=bool(refs_in(clean.params))):
        yield from effects.CheckRefs(plan_for(case, context).refs, case.use)
    return case


def _asked_instead(edit: Edit, asked: ApprovalRequest, case: Case, context: Context) -> Flow[ApprovalRequest]:
    now = yield from effects.Now()
    question = case.question(RequestId((yield from effects.NewId())), context, now, asked.id)
    if question.action_digest == asked.action_digest:
        raise InputError(f"edit of {asked.id}", "changes nothing that counts", "approve or deny the call as it is")
    yield from effects.Record(approve.entry_of(asked, now, "edited", edit.approver))
    entry = case.entry(now, Event.APPROVAL, context.policy)
    link = (*entry.rules, f"edited from {asked.id}")
    yield from effects.Record(replace(entry, call=question.id, outcome="asked", rules=link, approver=edit.approver))
    return (yield from effects.ReplaceApproval(asked.id, question, edit.approver)).request
