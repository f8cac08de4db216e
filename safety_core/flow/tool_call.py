"""tool call -> classify -> gate -> approve -> resolve -> execute -> redact -> audit

Three ways in, one way through:

    decide   up to the permission; the caller runs the tool itself (OpenClaw does)
    run      the whole sentence; the edge runs the tool
    report   redact and audit the result of a call that somebody else ran

Failing closed is the one `except` in `_closed`: whatever goes wrong, the answer is a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar, cast

from safety_core import approve
from safety_core.canonical import Json, JsonObject
from safety_core.classify.facts import bare_facts_of, shows
from safety_core.classify.files import Written
from safety_core.classify.judge import verdict_of
from safety_core.classify.session import SessionReading, read_in_session
from safety_core.errors import InputError, SafetyError
from safety_core.flow import effects
from safety_core.flow.effects import Flow
from safety_core.gate import rule_on
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.model.level import Outcome
from safety_core.model.policy import Policy
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.model.verdict import Ruling, Verdict
from safety_core.redact.redactor import Redactor
from safety_core.resolve import plan_of


@dataclass(frozen=True, slots=True)
class Context:
    """What holds while one call passes: the policy that was trusted when it came in, and the secrets known by then.

    Attributes:
        workspace: absolute path of the agent's workspace, the base of relative paths.
        wait: seconds to wait for a quick answer before the call is parked.
    """

    policy: Policy
    redactor: Redactor
    workspace: str
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Permitted:
    """The caller may run the tool now, once."""

    call: ToolCall
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Pending:
    """A person has been asked. Nothing has run; repeating the same call later meets the answer."""

    request: ApprovalRequest
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Refused:
    """The call must not run. `rule` is a floor, a rule, or the class of the error that stopped it."""

    rule: str
    reason: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """The tool ran; `output` is what the model may see."""

    output: str
    status: int
    truncated: bool
    findings: int
    verdict: Verdict


Answer: TypeAlias = Permitted | Pending | Refused
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class _Case:
    """A call that has been judged, on what its session was known to have written, and what the gate makes of it."""

    call: ToolCall
    before: Written
    reading: SessionReading
    verdict: Verdict
    ruling: Ruling

    def entry(self, now: float, event: Event, policy: Policy) -> AuditEntry:
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


def decide(call: ToolCall, context: Context) -> Flow[Answer]:
    """Judge `call`, ask a person where the gate asks, and return the permission or the reason against it."""
    return (yield from _closed(call, context, _decide))


def run(call: ToolCall, context: Context) -> Flow[Executed | Pending | Refused]:
    """Do the whole sentence for one call."""
    return (yield from _closed(call, context, _run))


def report(call: ToolCall, result: Json, context: Context) -> Flow[Json]:
    """Return `result` as the model may see it, after it has been recorded. Raises what goes wrong: no result then."""
    call = yield from _scrub(replace(call, params={}), context.redactor)
    clean = context.redactor.value(result)
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    now = yield from effects.Now()
    yield from effects.Record(
        AuditEntry(now, Event.RESULT, call.agent, call.tool, call.id, counts={"findings": len(clean.findings)})
    )
    return clean.value


def _closed(call: ToolCall, context: Context, sentence: Callable[[ToolCall, Context], Flow[A]]) -> Flow[A | Refused]:
    agent = ""
    try:
        clean = yield from _scrub(call, context.redactor)
        agent = clean.agent
        _check_hidden(call, clean, context)
        return (yield from sentence(clean, context))
    except SafetyError as error:
        refusal = Refused(type(error).__name__, str(error))
    try:
        now = yield from effects.Now()
        yield from effects.Record(AuditEntry(now, Event.REFUSED, agent, rules=(refusal.rule,)))
    except SafetyError:
        return replace(refusal, reason=refusal.reason + " (and the refusal could not be recorded)")
    return refusal


def _decide(call: ToolCall, context: Context) -> Flow[Answer]:
    case = yield from _judged(call, context)
    return (yield from _gated(case, context))


def _run(call: ToolCall, context: Context) -> Flow[Executed | Pending | Refused]:
    case = yield from _judged(call, context)
    if case.ruling.outcome is Outcome.DENY:
        return _denied(case)
    # before anybody is asked: a person's answer to what cannot run would be spent on nothing
    plan = plan_of(call, case.verdict.facts.tool, context.policy.catalogue, context.workspace)
    yield from effects.CheckRefs(plan.refs)
    answer = yield from _gated(case, context)
    if not isinstance(answer, Permitted):
        return answer
    values = yield from effects.Resolve(plan.refs)
    try:
        result = yield from effects.Execute(plan, values)
    except SafetyError as error:
        yield from _record_end(Event.FAILED, answer, rules=(type(error).__name__,), counts={})
        raise
    clean = context.redactor.text(result.output)
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    counts = {"status": result.status, "findings": len(clean.findings)}
    yield from _record_end(Event.EXECUTED, answer, rules=(), counts=counts)
    return Executed(clean.text, result.status, result.truncated, len(clean.findings), answer.verdict)


def _judged(call: ToolCall, context: Context) -> Flow[_Case]:
    before = yield from effects.RecallFiles(call.agent, call.session)
    reading = _read(call, context, before)
    decision = yield from effects.Judge(reading.facts, call)
    verdict = verdict_of(reading.facts, decision, context.policy.revision)
    now = yield from effects.Now()
    case = _Case(call, before, reading, verdict, rule_on(call, verdict, context.policy, now))
    yield from effects.Record(case.entry(now, Event.PROPOSED, context.policy))
    return case


def _read(call: ToolCall, context: Context, written: Written) -> SessionReading:
    return read_in_session(call, context.policy.catalogue, context.workspace, written)


def _gated(case: _Case, context: Context) -> Flow[Answer]:
    match case.ruling.outcome:
        case Outcome.DENY:
            return _denied(case)
        case Outcome.ALLOW:
            return (yield from _permit(case, context, None))
        case _:
            return (yield from _ask(case, context))


def _denied(case: _Case) -> Refused:
    clauses = case.ruling.clauses
    return Refused(clauses[0], "; ".join((*clauses, *case.verdict.reasons)), case.verdict)


def _scrub(call: ToolCall, redactor: Redactor) -> Flow[ToolCall]:
    """Replace every secret in the call by its reference, names included: from here on nothing holds a value.

    The names stand under keys that say "id", so that random ids are not taken for unknown secrets.
    """
    names: JsonObject = {"id": call.id, "agent_id": call.agent, "session_id": call.session, "tool_id": call.tool}
    clean = redactor.value({**names, "params": call.params})
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    fields = cast("dict[str, Any]", clean.value)
    return ToolCall(
        id=CallId(fields["id"]),
        tenant=call.tenant,
        agent=AgentId(fields["agent_id"]),
        session=SessionId(fields["session_id"]),
        tool=fields["tool_id"],
        params=fields["params"],
        hints=call.hints,
    )


def _check_hidden(call: ToolCall, clean: ToolCall, context: Context) -> None:
    """Refuse a call of which scrubbing took more than secrets: its caller would run what nobody has judged or seen."""
    if (call.tool, call.params) == (clean.tool, clean.params):
        return
    catalogue, workspace = context.policy.catalogue, context.workspace
    if not shows(bare_facts_of(clean, catalogue, workspace), bare_facts_of(call, catalogue, workspace)):
        raise InputError(
            "call",
            "does something inside of what looks like a secret",
            "write secrets as SECRET_REF(name), and quote them",
        )


def _ask(case: _Case, context: Context) -> Flow[Answer]:
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


def _answered(approval: Approval, question: ApprovalRequest, case: _Case, context: Context) -> Flow[Answer]:
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


def _permit(case: _Case, context: Context, grant: Grant | None) -> Flow[Permitted]:
    call = case.call
    before = yield from effects.RecallFiles(call.agent, call.session)
    reading = case.reading if before == case.before else _read(call, context, before)
    if (reading.facts, reading.relies_on) != (case.reading.facts, case.reading.relies_on):
        raise InputError("call", "runs a file that was written anew while the call was judged", "make the call again")
    now = yield from effects.Now()
    entry = case.entry(now, Event.PERMITTED, context.policy)
    yield from effects.Record(replace(entry, approver=grant.approver if grant else ""))
    if grant is not None:
        yield from effects.UseGrant(grant)
    if reading.written:
        yield from effects.NoteFiles(call.agent, call.session, reading.written)
    return Permitted(call, case.verdict)


def _record_end(event: Event, answer: Permitted, *, rules: tuple[str, ...], counts: dict[str, int]) -> Flow[int]:
    now = yield from effects.Now()
    call = answer.call
    return (
        yield from effects.Record(
            AuditEntry(now, event, call.agent, answer.verdict.facts.tool, call.id, rules=rules, counts=counts)
        )
    )
