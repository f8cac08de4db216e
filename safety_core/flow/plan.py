"""Several calls, judged together before the first of them is made; one question for all that a person has to allow.

In order: secrets out; each call judged as it would be by itself, now; what policy denies refuses the whole plan; each
call that could not run refuses it, too, before anybody is asked. Then those that ask, are no graver than policy lets
one answer cover, and whose arguments are all known, become one question. The others ask by themselves when they come.

The answer is bound to each of these calls by its own digest. It lets each run once (`flow.permission`): in this
session, under this policy, for as long as policy says. A plan permits nothing else, and an external gate opens to no
recipient that is not among those shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from safety_core import approve
from safety_core.approve import PlannedStep
from safety_core.errors import EffectFailed, SafetyError
from safety_core.flow import effects
from safety_core.flow.answers import Context, Refused
from safety_core.flow.case import Case, weighed
from safety_core.flow.effects import Flow
from safety_core.flow.entrust import plan_for
from safety_core.flow.permission import denied, put_to_people
from safety_core.flow.refusal import on_record, refusal_of
from safety_core.flow.scrub import check_hidden, scrubbed
from safety_core.gate import SPAWN
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, RequestId
from safety_core.model.blueprint import PLAN
from safety_core.model.level import Outcome
from safety_core.model.record import AuditEntry, Event
from safety_core.wire.plans import Plan, PlannedCall


class PlanState(StrEnum):
    """What has become of a plan."""

    FREE = "free"
    """Nobody has to be asked about the plan as a whole."""
    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"


class How(StrEnum):
    """What becomes of one call of a plan."""

    FREE = "needs no answer"
    COVERED = "this answer"
    ITSELF = "asks by itself"
    LATER = "known later"
    DENIED = "denied"
    CANNOT = "cannot run"


@dataclass(frozen=True, slots=True)
class Profiled:
    """One call of a plan, as it is judged beforehand.

    Attributes:
        case, question: None where it was not judged so far.
        rule: what refuses it; empty where nothing does.
        reason: why it has its level, is denied, or cannot run.
    """

    planned: PlannedCall
    how: How
    reason: str
    case: Case | None = None
    question: ApprovalRequest | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What becomes of a plan, and of each of its calls.

    Attributes:
        request: the question about it, where there is one.
        rule, reason: why it is refused.
    """

    state: PlanState
    steps: tuple[Profiled, ...] = ()
    request: ApprovalRequest | None = None
    rule: str = ""
    reason: str = ""


def plan(planned: Plan, context: Context) -> Flow[PlanAnswer]:
    """Judge a plan, and ask a person about it as a whole where policy lets one answer cover several calls."""
    steps: tuple[Profiled, ...] = ()
    agent = ""
    try:
        agent = context.redactor.text(planned.agent).text
        steps = yield from _profile(planned, context)
        against = next((step for step in steps if step.rule), None)
        if against is not None:
            refusal = Refused(against.rule, f"step {against.planned.call.id}: {against.reason}")
        elif planned.dry:
            return PlanAnswer(PlanState.FREE, steps)
        else:
            return (yield from _decided(planned, steps, context))
    except SafetyError as error:
        refusal = refusal_of(error, context.redactor)
    if not planned.dry:
        refusal = yield from on_record(refusal, agent, PLAN)
    return PlanAnswer(PlanState.REFUSED, steps, None, refusal.rule, refusal.reason)


def _profile(planned: Plan, context: Context) -> Flow[tuple[Profiled, ...]]:
    found: list[Profiled] = []
    for step in planned.calls:
        found.append((yield from _profiled(step, context)))
    return tuple(found)


def _profiled(step: PlannedCall, context: Context) -> Flow[Profiled]:
    clean = yield from scrubbed(step.call, context.redactor)
    raw, step = step.call, PlannedCall(context.redactor.text(step.words).text, clean, step.later)
    try:
        check_hidden(raw, clean, context)
        return (yield from _judged(step, context))
    except EffectFailed:
        raise
    except SafetyError as error:
        refusal = refusal_of(error, context.redactor)
        return Profiled(step, How.CANNOT, refusal.reason, rule=refusal.rule)


def _judged(step: PlannedCall, context: Context) -> Flow[Profiled]:
    case, now = yield from weighed(step.call, context, None)
    if case.ruling.outcome is Outcome.DENY:
        refusal = denied(case)
        return Profiled(step, How.DENIED, refusal.reason, case, rule=refusal.rule)
    if not step.later:
        yield from effects.CheckRefs(plan_for(case, context).refs, case.use)
    question = case.question(RequestId((yield from effects.NewId())), context, now)
    return Profiled(step, _how(step, case, context), case.verdict.why, case, question)


def _how(step: PlannedCall, case: Case, context: Context) -> How:
    if step.later:
        return How.LATER
    if case.ruling.outcome is Outcome.ALLOW:
        return How.FREE
    up_to = context.policy.plans.up_to
    if up_to is None or case.verdict.level > up_to or case.verdict.facts.tool == SPAWN:
        return How.ITSELF
    return How.COVERED


def _decided(planned: Plan, steps: tuple[Profiled, ...], context: Context) -> Flow[PlanAnswer]:
    question = _question(planned, steps, context)
    if question is None:
        return PlanAnswer(PlanState.FREE, steps)
    earlier = yield from effects.FindApproval(question.action_digest)
    now = yield from effects.Now()
    if earlier is not None and _adopted(earlier, question, now, context):
        return PlanAnswer(PlanState.GRANTED, steps, earlier.request)
    approval = yield from put_to_people(question, context.wait)
    return (yield from _answered(approval, question, steps, context))


def _question(planned: Plan, steps: Sequence[Profiled], context: Context) -> ApprovalRequest | None:
    """Return the one question about all calls that it may be about; None where there is none."""
    shown = [_shown(step, step.question) for step in steps if step.question is not None]
    first = next((step.question for step in shown if step.covered), None)
    if first is None:
        return None
    title = context.redactor.text(planned.title).text
    return approve.plan_question(first, title, shown, context.policy)


def _shown(step: Profiled, question: ApprovalRequest) -> PlannedStep:
    return PlannedStep(step.planned.call.id, step.planned.words, step.how.value, question, step.how is How.COVERED)


def _adopted(earlier: Approval, question: ApprovalRequest, now: float, context: Context) -> bool:
    """Tell whether this very plan has been approved and taken up: whoever asks again was cut off from the answer."""
    used = earlier.state is ApprovalState.USED and earlier.request.revision == question.revision
    return used and now <= earlier.received + context.policy.plans.seconds


def _answered(
    approval: Approval, question: ApprovalRequest, steps: tuple[Profiled, ...], context: Context
) -> Flow[PlanAnswer]:
    now = yield from effects.Now()
    request = approval.request
    match approval.state:
        case ApprovalState.PENDING:
            yield from effects.Record(_entry(request, now, "pending"))
            return PlanAnswer(PlanState.PENDING, steps, request)
        case ApprovalState.GRANTED:
            grant = approve.verify_grant(approval, replace(question, id=request.id), context.policy, now)
            yield from effects.Record(replace(_entry(request, now, "approved"), approver=grant.approver))
            until = approval.received + context.policy.plans.seconds
            digests = approve.covered_digests(request)
            yield from effects.AdoptPlan(grant, request.agent, request.session, digests, until)
            return PlanAnswer(PlanState.GRANTED, steps, request)
        case state:
            yield from effects.Record(_entry(request, now, state.value))
            rule = f"approval {state}"
            return PlanAnswer(PlanState.REFUSED, steps, request, rule, f"approval {request.id} is {state}")


def _entry(request: ApprovalRequest, now: float, outcome: str) -> AuditEntry:
    return AuditEntry(
        now,
        Event.PLAN,
        request.agent,
        PLAN,
        request.id,
        request.level.word,
        outcome,
        request.rules,
        request.action_digest,
        request.revision,
    )
