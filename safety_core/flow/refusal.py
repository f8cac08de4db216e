"""A refusal: what is told of the error behind it, and its place on record, as far as there is one."""

from __future__ import annotations

from dataclasses import replace

from safety_core.errors import SafetyError
from safety_core.flow import effects
from safety_core.flow.answers import Refused
from safety_core.flow.effects import Flow
from safety_core.model.record import AuditEntry, Event
from safety_core.redact.redactor import Redactor


def refusal_of(error: SafetyError, redactor: Redactor) -> Refused:
    """Return what is told of an error: no secret of a call that its text may quote."""
    return Refused(type(error).__name__, redactor.text(str(error)).text)


def on_record(refusal: Refused, agent: str, subject: str = "") -> Flow[Refused]:
    """Put a refusal on record. It stands whether or not that can be done; where it cannot, it says so.

    Args:
        agent: whose call it was, without secrets.
        subject: what was refused, where it was no call.
    """
    try:
        now = yield from effects.Now()
        yield from effects.Record(AuditEntry(now, Event.REFUSED, agent, subject, rules=(refusal.rule,)))
    except SafetyError:
        return replace(refusal, reason=refusal.reason + " (and the refusal could not be recorded)")
    return refusal
