"""Tool calls as the plugin or an SDK sends them to the edge's control listener, parsed or refused.

POST /v1/decide            {"call": CALL, "wait"?: seconds, "nested"?: bool}
POST /v1/run               {"call": CALL, "wait"?: seconds, "key"?}
POST /v1/result            {"call": CALL, "result": any}
POST /v1/ended             {"call": CALL, "ms": milliseconds, "error": bool}
POST /v1/redeem            {"ticket"}
POST /v1/redact            {"value": any}
POST /v1/secrets           {"agent"}
POST /v1/tools             {"agent"}
CALL                       {"id", "tool", "params", "agent", "session"?, "hints"?}
HINTS                      a tool's own annotations, as MCP has them: {"readOnlyHint"?, "destructiveHint"?, ...}
"""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId, CallId, Hint, SessionId, TenantId, ToolCall
from safety_core.wire.names import name, token
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that asks for permission.

    Attributes:
        wait: seconds it would wait for a person, None for the edge's own default.
        nested: should it only make another call, that one will be proposed too, before it runs.
        key: names the intended act, for a run that may have to be repeated; empty for none.
    """

    call: ToolCall
    wait: float | None
    nested: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a call that somebody else ran."""

    call: ToolCall
    result: Json


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that somebody else ran is over. `failed`: its tool says that it went wrong."""

    call: ToolCall
    milliseconds: int
    failed: bool


def proposal_from(raw: bytes, tenant: TenantId) -> Proposal:
    """Return the proposal in `raw`, a call of `tenant`, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    wait = body.number("wait") if body.has("wait") else None
    if wait is not None and wait < 0:
        raise InputError("request.wait", "must not be negative")
    key = name(body, "key", "")
    proposal = Proposal(_call(body.object("call"), tenant), wait, body.flag("nested", False), key)
    body.done()
    return proposal


def report_from(raw: bytes, tenant: TenantId) -> Report:
    """Return the call and its result in `raw`, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    report = Report(_call(body.object("call"), tenant), body.json("result"))
    body.done()
    return report


def ended_from(raw: bytes, tenant: TenantId) -> Ended:
    """Return which call is over, and how, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    ended = Ended(_call(body.object("call"), tenant), body.integer("ms"), body.flag("error"))
    body.done()
    return ended


def ticket_from(raw: bytes) -> str:
    """Return the ticket in `raw`, 32 hexadecimal digits, or raise InputError."""
    body = Reader.parse(raw, "request")
    ticket = token(body, "ticket")
    body.done()
    return ticket


def agent_from(raw: bytes) -> AgentId:
    """Return the agent that asks, or raise InputError."""
    body = Reader.parse(raw, "request")
    agent = AgentId(name(body, "agent"))
    body.done()
    return agent


def value_from(raw: bytes) -> Json:
    """Return the value in `raw` that is to be redacted, or raise InputError."""
    body = Reader.parse(raw, "request")
    value = body.json("value")
    body.done()
    return value


def _call(body: Reader, tenant: TenantId) -> ToolCall:
    call = ToolCall(
        id=CallId(name(body, "id")),
        tenant=tenant,
        agent=AgentId(name(body, "agent")),
        session=SessionId(name(body, "session", "")),
        tool=name(body, "tool"),
        params=body.mapping("params"),
        hints=hints_from(body.mapping("hints") if body.has("hints") else {}),
    )
    body.done()
    return call


def hints_from(annotations: JsonObject) -> frozenset[Hint]:
    """Return what of a tool's own annotations makes its calls graver; what would make them milder is not believed.

    Annotations are somebody else's data: unknown ones are passed over, and an odd value counts as the graver one.
    """
    graver = {
        Hint.WRITES: annotations.get("readOnlyHint", True) is not True,
        Hint.DESTRUCTIVE: annotations.get("destructiveHint", False) is not False,
        Hint.OPEN_WORLD: annotations.get("openWorldHint", False) is not False,
    }
    return frozenset(hint for hint, said in graver.items() if said)
