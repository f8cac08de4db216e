"""The first half of a tool call, once it has been judged: gate -> approve, up to the permission that is on record.

`permission` says whether a call may run now, and spends the grant where a person was asked, or a use of the plan that
they approved as a whole (`flow.plan`). Where an approver changed the call, this one does not run: whoever asks is told
the other one, for as long as they would be told a "no".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from safety_core import approve
from safety_core.canonical import Digest
from safety_core.errors import GrantError, InputError
from safety_core.flow import effects
from safety_core.flow.answers import Context, Pending, Permitted, Refused
from safety_core.flow.case import Case, read
from safety_core.flow.effects import Flow
from safety_core.gate import SPAWN, most_running
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.model.level import Outcome
from safety_core.model.record import Event
from safety_core.model.tool_call import SessionId
from safety_core.wire.names import plain

Allowance: TypeAlias = Permitted | Pending | Refused

EDITED: Final = "approval edited"
"""Why a call is refused that an approver changed."""

WHO: Final = 60
"""Characters of an approver's name that a model is told: enough for a name, and no room for a speech."""


def permission(case: Case, context: Context) -> Flow[Allowance]:
    """Return the permission, on record and paid for, or the reason against it; ask a person where the gate asks."""
    match case.ruling.outcome:
        case Outcome.DENY:
            return denied(case)
        case Outcome.ALLOW:
            return (yield from _permit(case, context, None))
        case _:
            return (yield from _ask(case, context))


def passed_on(case: Case, context: Context) -> Flow[Allowance]:
    """Let a call pass that only makes another one, which comes by itself and is judged then; nobody is asked twice.

    What policy denies is denied here already.
    """
    if case.ruling.outcome is Outcome.DENY:
        return denied(case)
    now = yield from effects.Now()
    entry = case.entry(now, Event.PERMITTED, context.policy)
    yield from effects.Record(replace(entry, outcome=Outcome.ALLOW.word, rules=("passed on",)))
    return Permitted(case.call, case.verdict, passed_on=True)


def denied(case: Case) -> Refused:
    """Return why policy denies the call, whatever anybody approves."""
    clauses = case.ruling.clauses
    return Refused(clauses[0], "; ".join((*clauses, *case.verdict.reasons)), case.verdict)


def _ask(case: Case, context: Context) -> Flow[Allowance]:
    now = yield from effects.Now()
    question = case.question(RequestId((yield from effects.NewId())), context, now)
    plan = yield from _covering(question, context, now)
    if plan is not None:
        return (yield from _permit(case, context, plan.grant, plan))
    approval = yield from put_to_people(question, context.wait)
    if approval.request.action_digest != question.action_digest:
        return (yield from _answered_otherwise(approval, case, context))
    return (yield from _answered(approval, replace(question, id=approval.request.id), case, context))


def put_to_people(question: ApprovalRequest, seconds: float) -> Flow[Approval]:
    """Return the approval that stands for a question, after a wait for its answer: an earlier one, or a new one."""
    now = yield from effects.Now()
    approval = yield from _followed((yield from effects.FindApproval(question.action_digest)))
    if approval is None or not _stands(approval, question, now):
        if approval is not None and approval.state in {ApprovalState.PENDING, ApprovalState.GRANTED}:
            yield from effects.CloseApproval(approval.request.id)
        approval = yield from effects.OpenApproval(question)
    return (yield from _awaited(approval, question.session, seconds))


def _covering(question: ApprovalRequest, context: Context, now: float) -> Flow[Approval | None]:
    """Return the approved plan that covers the call; None where it asks by itself."""
    if context.policy.plans.up_to is None:
        return None
    plan = yield from effects.FindPlan(question.agent, question.session, question.action_digest)
    if plan is None:
        return None
    try:
        approve.verify_plan(plan, question, context.policy, now)
    except GrantError:
        return None
    return plan


def _followed(approval: Approval | None) -> Flow[Approval | None]:
    """Return the question that stands for this one now, where an approver changed the call."""
    if approval is None or approval.replaced is None:
        return approval
    return (yield from effects.FollowApproval(approval.request.id))


def _awaited(approval: Approval, session: SessionId, seconds: float) -> Flow[Approval]:
    """Wait for an answer, to the changed call where an approver changes it meanwhile.

    Also where that one has been answered by then, it is waited for: so it is noted that this session has its answer.
    """
    begun = yield from effects.Now()
    left = seconds if approval.state is ApprovalState.PENDING else 0.0
    while left > 0:
        approval = yield from effects.AwaitDecision(approval.request.id, left, session)
        if approval.replaced is None:
            break
        approval = yield from effects.FollowApproval(approval.request.id)
        left = begun + seconds - (yield from effects.Now())
    return approval


def _stands(approval: Approval, question: ApprovalRequest, now: float) -> bool:
    """Tell whether an earlier approval answers the same call now, or a new question is due.

    Where an approver changed the call, it is told so for as long as a "no" would be told.
    """
    asked = approval.request
    if asked.revision != question.revision:
        return False
    open_still = approval.state in {ApprovalState.PENDING, ApprovalState.GRANTED}
    if open_still and asked.action_digest == question.action_digest and approve.graver(question, asked):
        return False  # people were shown less than it does
    match approval.state:
        case ApprovalState.PENDING:
            return now <= approval.request.expires
        case ApprovalState.GRANTED:
            return approve.usable(approval, now)
        case ApprovalState.DENIED:
            return now <= approval.received + approve.DENIAL_SECONDS
        case ApprovalState.USED if approval.request.action_digest != question.action_digest:
            return now <= approval.received + approve.DENIAL_SECONDS
        case _:
            return False


def _answered(approval: Approval, question: ApprovalRequest, case: Case, context: Context) -> Flow[Allowance]:
    now = yield from effects.Now()
    match approval.state:
        case ApprovalState.PENDING:
            yield from effects.Record(case.entry(now, Event.PENDING, context.policy))
            return Pending(approval.request, case.verdict)
        case ApprovalState.GRANTED:
            grant = approve.verify_grant(approval, question, context.policy, now)
            return (yield from _permit(case, context, grant))
        case state:
            who = _who(approval, "nobody")
            yield from effects.Record(case.entry(now, Event.REFUSED, context.policy))
            return Refused(f"approval {state}", f"approval {approval.request.id} is {state} ({who})", case.verdict)


def _answered_otherwise(approval: Approval, case: Case, context: Context) -> Flow[Allowance]:
    """Say what became of the call into which an approver changed this one. This one does not run."""
    if approval.state not in {ApprovalState.GRANTED, ApprovalState.USED}:
        return (yield from _answered(approval, approval.request, case, context))
    now = yield from effects.Now()
    yield from effects.Record(replace(case.entry(now, Event.REFUSED, context.policy), rules=(EDITED,)))
    who = _who(approval, "the approver")
    reason = f"{who} changed this call and approved it in another form ({approval.request.id})"
    return Refused(EDITED, reason, case.verdict, approval.request)


def _who(approval: Approval, nobody: str) -> str:
    """Return who answered, as the agent's model is told: a short line, since who signs writes the name."""
    return plain(approval.grant.approver, WHO) if approval.grant else nobody


def _permit(case: Case, context: Context, grant: Grant | None, plan: Approval | None = None) -> Flow[Permitted]:
    call = case.call
    before = yield from effects.RecallFiles(call.agent, call.session)
    reading = case.reading if before == case.before else read(call, context, before)
    if (reading.facts, reading.relies_on) != (case.reading.facts, case.reading.relies_on):
        raise InputError("call", "runs a file that was written anew while the call was judged", "make the call again")
    if case.verdict.facts.tool == SPAWN:
        limit = most_running(call, case.descent, context.policy)
        yield from effects.ReserveSubagent(call.agent, call.session, call.id, limit)
    now = yield from effects.Now()
    entry = case.entry(now, Event.PERMITTED, context.policy)
    yield from effects.Record(replace(entry, approver=grant.approver if grant else ""))
    if plan is not None:
        yield from effects.Record(replace(entry, event=Event.PLAN, outcome="used", rules=(plan.request.id,)))
        yield from effects.UsePlan(plan.request.id, Digest(entry.action_digest))
    elif grant is not None:
        yield from effects.UseGrant(grant)
    elif case.uses:
        yield from effects.Record(replace(entry, event=Event.OUTWARD_GRANT, outcome="used", rules=case.uses))
        yield from effects.UseStanding(case.uses)
    if reading.written:
        yield from effects.NoteFiles(call.agent, call.session, reading.written)
    return Permitted(call, case.verdict)
