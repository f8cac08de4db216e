"""The second half of a tool call: resolve -> execute -> redact -> audit, written down when it begins and when it ends.

A caller may give its call a key, one for each intended act. Then a repeat, after a crash or a lost answer, meets what
is written down: what is done is not done again, and what nobody knows of only where that cannot act twice.
"""

from __future__ import annotations

from typing import Final

from safety_core.canonical import Digest, digest
from safety_core.errors import BusyError, EffectFailed, InputError, SafetyError, UncertainError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.answers import Context, Entrusted, Executed, Pending, Refused
from safety_core.flow.case import Case
from safety_core.flow.effects import Flow
from safety_core.flow.entrust import entrust, plan_for
from safety_core.model.execution import Ending, Execution, ExecutionId, ExecutionState, Repeat
from safety_core.model.finding import Redaction
from safety_core.model.level import Outcome
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import Use
from safety_core.model.tool_call import ToolCall, ToolResult, Undo
from safety_core.redact.redactor import Redactor
from safety_core.resolve import repeat_of
from safety_core.resolve.plan import ServicePlan

WITHHELD: Final = "speaks_to_model"
"""In the record of an execution whose output was not shown."""

UNREAD: Final = "not_scanned"
"""So, where nobody could look into it."""


def carried_out(entrusted: Entrusted, context: Context, key: str = "", *, again: bool = False) -> Flow[Executed]:
    """Run what was permitted.

    Args:
        key: names the intended act; empty for none.
        again: an earlier try may have come about, and another one cannot act twice.
    """
    plan, verdict, call = entrusted.plan, entrusted.verdict, entrusted.call
    use = Use(call.agent, verdict.facts.tool, call.id)
    values = yield from effects.Resolve(plan.refs, use)
    begun = yield from _begun(entrusted, context, key, again=again)
    try:
        result = yield from effects.Execute(plan, values, begun.id, _told(begun), again)
    except SafetyError as error:
        uncertain = isinstance(error.__cause__, UncertainError)
        yield from effects.EndExecution(begun.id, ExecutionState.UNKNOWN if uncertain else ExecutionState.FAILED)
        kind = UncertainError if uncertain else type(error)
        yield from _record_end(Event.FAILED, entrusted, rules=(kind.__name__,), counts={})
        if isinstance(error.__cause__, UncertainError):  # by its own name: who asked has to know that nobody knows
            raise error.__cause__ from error
        raise
    clean, rule, why = yield from _looked_at(entrusted, result.output, context.redactor)
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    undo = yield from _undo(result, context)
    text = f"[withheld by the gateway: {why}; the tool ran, and a person can look at its server]" if why else clean.text
    ending = Ending(text if key else "", result.status, result.truncated, undo)
    yield from effects.EndExecution(begun.id, ExecutionState.DONE, ending)
    counts = {"status": result.status, "findings": len(clean.findings)}
    yield from _record_end(Event.EXECUTED, entrusted, rules=(rule,) if rule else (), counts=counts)
    shown = text, result.status, result.truncated, len(clean.findings)
    return Executed(*shown, verdict, begun.id, undoable=undo is not None, withheld=bool(why))


def _looked_at(entrusted: Entrusted, output: str, redactor: Redactor) -> Flow[tuple[Redaction, str, str]]:
    """Return an output without secrets; if it must not be shown, the rule for the record, and why. The call has run,
    whatever came of it: what cannot be looked into is no reason not to write that down."""
    try:
        clean = redactor.text(output)
        reasons = (yield from effects.LookThrough(clean.text)) if _is_others(entrusted) else ()
    except (UnscannableError, EffectFailed) as error:
        known = error.__cause__ if isinstance(error.__cause__, UnscannableError) else error
        reason = known.reason if isinstance(known, UnscannableError) else "was not looked through"
        return Redaction(""), UNREAD, f"what the tool gave back {reason}"
    why = f"what the tool gave back {'; it '.join(reasons[:3])}" if reasons else ""
    return clean, WITHHELD if why else "", why


def _is_others(entrusted: Entrusted) -> bool:
    """Tell whether a tool is an MCP server's: whoever runs such a server writes what models read, and nobody else
    does."""
    return isinstance(entrusted.plan, ServicePlan) and entrusted.plan.adapter == "mcp"


def run_keyed(case: Case, context: Context, key: str) -> Flow[Executed | Pending | Refused]:
    """Run a call that has been judged, unless its key says that this has been done.

    Raises:
        InputError: the key was used for another call.
        BusyError: a try with this key is under way.
        UncertainError: nobody knows whether an earlier try came about, and another one could act twice.
    """
    earlier = (yield from effects.FindExecution(case.call.agent, key)) if key else None
    if earlier is not None and earlier.act != _act(case.call, case.verdict.facts.tool):
        raise InputError("key", "was used for another call", "draw a new key for each intended act")
    if earlier is not None and earlier.ending is not None:
        return (yield from _recalled(earlier, earlier.ending, case, context))
    again = earlier is not None and _may_repeat(earlier, case, context)
    if earlier is not None and again and _still_permitted(earlier, case, context):
        answer = yield from _permitted_again(case, context)
    else:
        asked = yield from entrust(case, plan_for, context)
        if not isinstance(asked, Entrusted):
            return asked
        answer = asked
    return (yield from carried_out(answer, context, key, again=again))


def _begun(entrusted: Entrusted, context: Context, key: str, *, again: bool) -> Flow[Execution]:
    """Put on disk that the execution begins; a second one with the same key does not begin beside it."""
    call, tool = entrusted.call, entrusted.verdict.facts.tool
    identity, now = ExecutionId((yield from effects.NewId())), (yield from effects.Now())
    execution = Execution(identity, call.agent, key, tool, call.id, _act(call, tool), context.policy.revision, now)
    yield from effects.BeginExecution(execution, again)
    return execution


def _recalled(earlier: Execution, ending: Ending, case: Case, context: Context) -> Flow[Executed]:
    """Tell again what came of it; secrets that are known by now are taken out, too."""
    clean = context.redactor.text(ending.output)
    now = yield from effects.Now()
    yield from effects.Record(case.entry(now, Event.REPEATED, context.policy))
    shown = clean.text, ending.status, ending.truncated, len(clean.findings)
    return Executed(*shown, case.verdict, earlier.id, undoable=ending.undo is not None, repeated=True)


def _may_repeat(earlier: Execution, case: Case, context: Context) -> bool:
    """Tell whether an earlier try may have come about, or raise where another one must not be made."""
    match earlier.state:
        case ExecutionState.FAILED:
            return False
        case ExecutionState.BEGUN:
            raise BusyError("the call", "is still under way", "wait, and ask again with the same key")
        case _:
            plan = plan_for(case, context)
            if repeat_of(plan, case.verdict.facts, context.policy.catalogue) is Repeat.ASK:
                fix = (
                    f"look whether it happened, then say so: safety executions settle {earlier.id} --done or --not-done"
                )
                raise UncertainError("the call", "was cut off: nobody knows whether it happened", fix)
            return True


def _still_permitted(earlier: Execution, case: Case, context: Context) -> bool:
    """A person was asked about this act; under the same policy nobody is asked about it twice."""
    return case.ruling.outcome is not Outcome.DENY and earlier.revision == context.policy.revision


def _permitted_again(case: Case, context: Context) -> Flow[Entrusted]:
    plan = plan_for(case, context)
    yield from effects.CheckRefs(plan.refs, case.use)
    now = yield from effects.Now()
    yield from effects.Record(case.entry(now, Event.PERMITTED, context.policy))
    return Entrusted(case.call, case.verdict, plan)


def _undo(result: ToolResult, context: Context) -> Flow[Undo | None]:
    """Return what takes it back, without secrets: what stood there before may hold some."""
    if result.undo is None:
        return None
    try:
        clean = context.redactor.value(result.undo.params)
    except UnscannableError:
        return None
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    return Undo(result.undo.tool, clean.value) if isinstance(clean.value, dict) else None


def _told(begun: Execution) -> str:
    """Return the key as services are told it. Two agents may choose the same one, and one agent the same once more
    when the journal has forgotten it; a service that kept it must not take their acts for one."""
    return digest({"act": begun.act, "key": begun.key}) if begun.key else begun.id


def _act(call: ToolCall, tool: str) -> Digest:
    return digest({"agent": call.agent, "tool": tool, "params": call.params})


def _record_end(event: Event, entrusted: Entrusted, *, rules: tuple[str, ...], counts: dict[str, int]) -> Flow[int]:
    now = yield from effects.Now()
    call, tool = entrusted.call, entrusted.verdict.facts.tool
    return (yield from effects.Record(AuditEntry(now, event, call.agent, tool, call.id, rules=rules, counts=counts)))
