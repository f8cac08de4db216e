"""Plans: several calls that one session is about to make, judged together, parsed or refused.

POST /v1/plan       {"agent", "session", "title", "steps": [STEP], "dry"?: bool, "wait"?: seconds}
STEP                {"id", "does", "tool", "params", "later"?: bool}    later: not all arguments are known yet
POST /v1/plan/end   {"agent", "session"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.wire.names import name
from safety_core.wire.reader import Reader

STEPS: Final = 200
"""Calls of one plan: more than anybody reads, and a bound on what is judged in one go."""

WORDS: Final = 300
"""Characters of a title, or of what a step is said to do."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a plan. `later`: what its arguments are is known only when earlier ones have run."""

    words: str
    call: ToolCall
    later: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls that one session is about to make.

    Attributes:
        dry: they are only to be judged: nobody is asked, and nothing is kept.
        wait: seconds it would wait for a person, None for the edge's own default.
    """

    tenant: TenantId
    agent: AgentId
    session: SessionId
    title: str
    calls: tuple[PlannedCall, ...]
    dry: bool
    wait: float | None


def plan_from(raw: bytes, tenant: TenantId) -> Plan:
    """Return the plan in `raw`, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    agent, session = AgentId(name(body, "agent")), SessionId(name(body, "session"))
    wait = body.number("wait") if body.has("wait") else None
    if wait is not None and wait < 0:
        raise InputError("request.wait", "must not be negative")
    steps = tuple(_planned(step, tenant, agent, session) for step in body.objects("steps", limit=STEPS))
    if not steps:
        raise InputError("request.steps", "must have one step at least")
    ids = [step.call.id for step in steps]
    if len({*ids}) != len(ids):
        raise InputError("request.steps", "have an id twice")
    plan = Plan(tenant, agent, session, _line(body, "title"), steps, body.flag("dry", False), wait)
    body.done()
    return plan


def plan_end_from(raw: bytes) -> tuple[AgentId, SessionId]:
    """Return whose plans end, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    ended = AgentId(name(body, "agent")), SessionId(name(body, "session"))
    body.done()
    return ended


def _planned(step: Reader, tenant: TenantId, agent: AgentId, session: SessionId) -> PlannedCall:
    call = ToolCall(CallId(name(step, "id")), tenant, agent, session, name(step, "tool"), step.mapping("params"))
    planned = PlannedCall(_line(step, "does"), call, step.flag("later", False))
    step.done()
    return planned


def _line(body: Reader, field: str) -> str:
    text = body.text(field, limit=WORDS)
    if not text.isprintable():
        raise InputError(f"{body.path}.{field}", "holds a control or format character")
    return text
