"""One line of the audit log.

No secret can stand in it by construction: a field is an enum, a number, a digest or an identifier, and the flows fill
it from a call that has been scrubbed. There is no field for free text, arguments or output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from safety_core.canonical import JsonObject


class Event(StrEnum):
    """What happened."""

    PROPOSED = "proposed"
    PERMITTED = "permitted"
    PENDING = "pending"
    REFUSED = "refused"
    EXECUTED = "executed"
    FAILED = "failed"
    REPEATED = "repeated"
    INTERRUPTED = "interrupted"
    SETTLED = "settled"
    RESULT = "result"
    ENDED = "ended"
    SENT = "sent"
    PROMPT = "prompt"
    PROMPT_REFUSED = "prompt_refused"
    RESPONSE = "response"
    POLICY = "policy"
    SECRET = "secret"  # noqa: S105 - the name of an event
    CANARY = "canary"
    CONNECTION = "connection"
    APPROVAL = "approval"
    PLAN = "plan"
    OUTWARD_GRANT = "outward_grant"
    HALT = "halt"
    ORDER = "order"
    UNGUARDED = "unguarded"
    USAGE_DIFFERS = "usage_differs"
    BUDGET = "budget"
    PREFIX_BROKEN = "prefix_broken"
    FORWARDED = "forwarded"
    FORWARD_REFUSED = "forward_refused"
    FORWARD_ENDED = "forward_ended"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is written before a tool runs, after it ran, and for everything that leaves.

    Attributes:
        at: seconds since the epoch.
        agent, subject: who, and which tool, provider, secret name or bundle.
        call: the call's or request's id.
        level, outcome: their words, empty where they do not apply.
        rules: ids of the rules that fired, or of the error that refused.
        action_digest: what was judged, in one hash.
        counts: named numbers ("findings", "bytes", "status").
        exchange: id of the request to a model whose response proposed the call; empty where a host reported it.
    """

    at: float
    event: Event
    agent: str = ""
    subject: str = ""
    call: str = ""
    level: str = ""
    outcome: str = ""
    rules: tuple[str, ...] = ()
    action_digest: str = ""
    revision: str = ""
    approver: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    exchange: str = ""

    def to_json(self) -> JsonObject:
        """Return the form whose canonical bytes are the log's leaf; `exchange` stands in it only where there is one."""
        entry: JsonObject = {
            "at": self.at,
            "event": self.event.value,
            "agent": self.agent,
            "subject": self.subject,
            "call": self.call,
            "level": self.level,
            "outcome": self.outcome,
            "rules": [*self.rules],
            "action_digest": self.action_digest,
            "revision": self.revision,
            "approver": self.approver,
            "counts": {**self.counts},
        }
        return {**entry, "exchange": self.exchange} if self.exchange else entry
