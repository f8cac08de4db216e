"""tool call -> classify -> gate -> approve -> resolve -> execute -> redact -> audit

One way through, in two halves (`flow.permission` and `flow.carrying`), and several ways in:

    decide      up to the permission; the caller runs the tool itself (OpenClaw does), unless the edge must
    carry_out   the rest, for a call that was decided and that the edge must run: it was entrusted
    run         both halves
    send        what the agent's runtime is about to say to somebody, judged as a message unless it is an answer
    foresee     what a model's response proposes, judged before anybody's host reports it
    report      redact and audit the result of a call that somebody else ran; `ended` says that one is over

The edge must run what refers to secrets, because it alone has them (`flow.entrust`).
Failing closed is the one `except` in `_closed`: whatever goes wrong, the answer is a refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from safety_core.canonical import Json
from safety_core.classify.catalogue import compiled
from safety_core.errors import SafetyError
from safety_core.flow import effects
from safety_core.flow.answers import Answer, Context, Entrusted, Executed, Pending, Permitted, Refused, Sendable
from safety_core.flow.carrying import carried_out, run_keyed
from safety_core.flow.case import judged, weighed
from safety_core.flow.effects import Flow
from safety_core.flow.entrust import entrust, needs_edge, opened, ticketed_plan
from safety_core.flow.permission import passed_on, permission
from safety_core.flow.refusal import on_record, refusal_of
from safety_core.flow.scrub import check_hidden, scrubbed
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import refs_in
from safety_core.model.tool_call import ToolCall

MESSAGE: Final = "message"
"""The tool as which words to somebody are judged."""

A = TypeVar("A")


def decide(call: ToolCall, context: Context, *, nested: bool = False) -> Flow[Answer]:
    """Judge `call`, ask a person where the gate asks, and return the permission or the reason against it.

    A call whose arguments refer to secrets, as its agent wrote them, is one that the edge must run. Values that stand
    in it are the agent's own already: its caller runs it with them.

    Args:
        nested: where the tool only calls another one, whoever asks will ask about that call too, before it runs.
    """
    return (yield from _closed(call, context, partial(_decide, refers=bool(refs_in(call.params)), nested=nested)))


def carry_out(entrusted: Entrusted, context: Context) -> Flow[Executed | Refused]:
    """Run what was entrusted to the edge. It has been judged and paid for; whoever calls sees to it that it is once."""

    def second_half(_: ToolCall, context: Context) -> Flow[Executed]:
        return carried_out(entrusted, context)

    return (yield from _closed(entrusted.call, context, second_half))


def run(call: ToolCall, context: Context, key: str = "") -> Flow[Executed | Pending | Refused]:
    """Do the whole sentence for one call.

    Args:
        key: names the intended act: the same call with the same key acts once, however often it is made.
    """
    return (yield from _closed(call, context, partial(_run, key=key)))


def send(call: ToolCall, known: str, context: Context) -> Flow[Sendable | Pending | Refused]:
    """Return what may be said to somebody, without secrets.

    Args:
        call: the message, as a call of the tool `MESSAGE`; its text is the argument "message".
        known: why whom it reaches needs no permission ("reply"), in a word for the audit; empty if it needs one.
    """
    return (yield from _closed(call, context, partial(_send, known=known)))


def foresee(call: ToolCall, exchange: str, context: Context) -> Flow[None]:
    """Put on record what `decide` would make of a call that the response of `exchange` proposed, if it came now."""
    clean = yield from scrubbed(call, context.redactor)
    try:
        inside, _ = opened(clean, context)
    except SafetyError:
        inside = clean
    case, now = yield from weighed(inside, context, None)
    yield from effects.Record(replace(case.entry(now, Event.PROPOSED, context.policy), exchange=exchange))


def report(call: ToolCall, result: Json, context: Context) -> Flow[tuple[Json, int]]:
    """Return `result` as the model may see it, and the number of findings in it, after it has been recorded. Raises
    what goes wrong: no result then."""
    call = yield from scrubbed(replace(call, params={}), context.redactor)
    clean = context.redactor.value(result)
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    now = yield from effects.Now()
    yield from effects.Record(
        AuditEntry(now, Event.RESULT, call.agent, call.tool, call.id, counts={"findings": len(clean.findings)})
    )
    return clean.value, len(clean.findings)


def ended(call: ToolCall, milliseconds: int, context: Context, *, failed: bool) -> Flow[int]:
    """Put on record that a call which somebody else ran is over, under its tool's canonical name."""
    call = yield from scrubbed(replace(call, params={}), context.redactor)
    known = compiled(context.policy.catalogue).tool(call.tool)
    counts = {"ms": milliseconds, "error": int(failed)}
    now = yield from effects.Now()
    entry = AuditEntry(now, Event.ENDED, call.agent, known[0] if known else call.tool, call.id, counts=counts)
    return (yield from effects.Record(entry))


def _closed(call: ToolCall, context: Context, sentence: Callable[[ToolCall, Context], Flow[A]]) -> Flow[A | Refused]:
    agent = ""
    try:
        clean = yield from scrubbed(call, context.redactor)
        agent = clean.agent
        check_hidden(call, clean, context)
        return (yield from sentence(*opened(clean, context)))
    except SafetyError as error:
        refusal = refusal_of(error, context.redactor)
    return (yield from on_record(refusal, agent))


def _decide(call: ToolCall, context: Context, *, refers: bool, nested: bool) -> Flow[Answer]:
    case = yield from judged(call, context)
    known = compiled(context.policy.catalogue).tool(call.tool)
    if nested and known is not None and "inner" in known[1]:
        return (yield from passed_on(case, context))
    if needs_edge(case, context, refers=refers):
        return (yield from entrust(case, ticketed_plan, context))
    return (yield from permission(case, context))


def _run(call: ToolCall, context: Context, *, key: str) -> Flow[Executed | Pending | Refused]:
    case = yield from judged(call, context)
    return (yield from run_keyed(case, context, key))


def _send(call: ToolCall, context: Context, *, known: str) -> Flow[Sendable | Pending | Refused]:
    if not known:
        case = yield from judged(call, context)
        answer = yield from permission(case, context)
        if not isinstance(answer, Permitted):
            return answer
    now = yield from effects.Now()
    yield from effects.Record(
        AuditEntry(now, Event.SENT, call.agent, str(call.params["channel"]), call.id, rules=(known or "permitted",))
    )
    return Sendable(str(call.params["message"]))
