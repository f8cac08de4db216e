"""The first half of a tool call: classify -> gate -> approve, up to the permission that is on record.

`judged` says what a call is; `permission` says whether it may run now, and spends the grant where a person was asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from safety_core import approve
from safety_core.classify.files import Written
from safety_core.classify.judge import verdict_of
from safety_core.classify.session import SessionReading, read_in_session
from safety_core.errors import InputError
from safety_core.flow import effects
from safety_core.flow.answers import Context, Pending, Permitted, Refused
from safety_core.flow.effects import Flow
from safety_core.gate import SPAWN, most_running, rule_on
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.model.descent import FIRST_GENERATION, Descent
from safety_core.model.level import Outcome
from safety_core.model.policy import Policy
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Ruling, Verdict

Allowance: TypeAlias = Permitted | Pending | Refused


@dataclass(frozen=True, slots=True)
class Case:
    """A call that has been judged, on what its session was known to have written, and what the gate makes of it."""

    call: ToolCall
    before: Written
    reading: SessionReading
    verdict: Verdict
    ruling: Ruling
    descent: Descent = FIRST_GENERATION

    def entry(self, now: float, event: Event, policy: Policy) -> AuditEntry:
        """Return the line of the audit log that says what became of it."""
        return AuditEntry(
            now,
            event,
            self.call.agent,
            self.verdict.facts.tool,
            self.call.id,
            self.verdict.level.word,
            self.ruling.outcome.word,
            tuple(dict.fromkeys(hit.rule for hit in self.verdict.hits)),
            approve.action_digest(self.call, self.verdict.facts.tool, policy, self.reading.relies_on),
            policy.revision,
        )


def judged(call: ToolCall, context: Context) -> Flow[Case]:
    """Judge a call that holds no secret, and put on record that it was proposed."""
    foreseen = {**context.foreseen(call)}
    case, now = yield from weighed(call, context, call)
    yield from effects.Record(replace(case.entry(now, Event.PROPOSED, context.policy), counts=foreseen))
    return case


def weighed(call: ToolCall, context: Context, told: ToolCall | None) -> Flow[tuple[Case, float]]:
    """Return a call as it is judged now, and when. Nobody is asked and nothing is granted or recorded.

    Args:
        told: what a candidate policy beside the one in force is shown, None for nothing.
    """
    before = yield from effects.RecallFiles(call.agent, call.session)
    reading = _read(call, context, before)
    decision = yield from effects.Judge(reading.facts, told)
    verdict = verdict_of(reading.facts, decision, context.policy.revision)
    starts = verdict.facts.tool == SPAWN
    descent = (yield from effects.RecallDescent(call.agent, call.session)) if starts else FIRST_GENERATION
    now = yield from effects.Now()
    ruling = rule_on(call, verdict, context.policy, now, descent)
    return Case(call, before, reading, verdict, ruling, descent), now


def _read(call: ToolCall, context: Context, written: Written) -> SessionReading:
    return read_in_session(call, context.policy.catalogue, context.workspace, written)


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
    fresh = RequestId((yield from effects.NewId()))
    question = approve.new_request(
        fresh,
        case.call,
        case.verdict,
        context.policy,
        strong=case.ruling.outcome is Outcome.ASK_STRONG,
        now=now,
        relies_on=case.reading.relies_on,
    )
    approval = yield from effects.FindApproval(question.action_digest)
    if approval is None or not _stands(approval, context.policy, now):
        if approval is not None and approval.state in {ApprovalState.PENDING, ApprovalState.GRANTED}:
            yield from effects.CloseApproval(approval.request.id)
        approval = yield from effects.OpenApproval(question)
    if approval.state is ApprovalState.PENDING and context.wait > 0:
        approval = yield from effects.AwaitDecision(approval.request.id, context.wait)
    return (yield from _answered(approval, replace(question, id=approval.request.id), case, context))


def _stands(approval: Approval, policy: Policy, now: float) -> bool:
    """Tell whether an earlier approval answers the same call now, or a new question is due."""
    if approval.request.revision != policy.revision:
        return False
    match approval.state:
        case ApprovalState.PENDING:
            return now <= approval.request.expires
        case ApprovalState.GRANTED:
            return approve.usable(approval, now)
        case ApprovalState.DENIED:
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
            who = approval.grant.approver if approval.grant else "nobody"
            yield from effects.Record(case.entry(now, Event.REFUSED, context.policy))
            return Refused(f"approval {state}", f"approval {approval.request.id} is {state} ({who})", case.verdict)


def _permit(case: Case, context: Context, grant: Grant | None) -> Flow[Permitted]:
    call = case.call
    before = yield from effects.RecallFiles(call.agent, call.session)
    reading = case.reading if before == case.before else _read(call, context, before)
    if (reading.facts, reading.relies_on) != (case.reading.facts, case.reading.relies_on):
        raise InputError("call", "runs a file that was written anew while the call was judged", "make the call again")
    if case.verdict.facts.tool == SPAWN:
        limit = most_running(call, case.descent, context.policy)
        yield from effects.ReserveSubagent(call.agent, call.session, call.id, limit)
    now = yield from effects.Now()
    entry = case.entry(now, Event.PERMITTED, context.policy)
    yield from effects.Record(replace(entry, approver=grant.approver if grant else ""))
    if grant is not None:
        yield from effects.UseGrant(grant)
    if reading.written:
        yield from effects.NoteFiles(call.agent, call.session, reading.written)
    return Permitted(call, case.verdict)
