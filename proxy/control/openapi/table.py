"""Every request of the control listener. A test holds this table and the routes together: neither can have what the
other lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from proxy.control.openapi.shapes import ANY_JSON, ANY_NAME, NAME, NAMES, TOKEN, WAIT
from safety_core.canonical import JsonObject
from safety_core.wire.schema import ANYTHING, FLAG, many, maybe, record, ref, text, whole, words
from safety_core.wire.usage_report import BY

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request.

    Attributes:
        answer: schema of the good answer, None where it is no JSON.
        takes: schema of the body.
        local: it is served on the Unix socket alone.
        query: schemas of the query's parameters, all of which may be left out.
    """

    summary: str
    answer: JsonObject | None
    takes: JsonObject | None = None
    local: bool = False
    query: Mapping[str, JsonObject] = field(default_factory=dict)


OK: Final = record({"ok": {"const": True}})
_SECONDS: Final = whole(0, 10**12 - 1)
_EXECUTIONS: Final = record({"executions": many(ref("Execution"))})
_AGENT: Final = record({"agent": NAME})
_SESSION: Final = record({"agent": NAME, "session": NAME})
_TOOL: Final = record({"tool": text(), "words": text(), "connections": many(text()), "parameters": ANYTHING})
_CONNECTION: Final = record({"name": text(), "adapter": text(), "words": text()})
_MANIFEST: Final = record(
    {
        "agent": text(), "tier": text(), "tools": NAMES, "secrets": NAMES, "connections": NAMES, "sandbox": text(),
        "subagents": record({"depth": whole(), "running": whole()}), "budget": ANYTHING, "halted": FLAG,
    }
)  # fmt: skip
_BLUEPRINTS: Final = record(
    {
        "revision": text(),
        "plans": maybe(record({"up_to": text(), "minutes": whole()})),
        "blueprints": many(ANYTHING),
    }
)
_NEEDLE: Final = record({"n": whole(), "f": whole(), "h": text(), "ref": text()})

_CALLS: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/v1/decide"): Operation(
        "may this call run? The caller runs it",
        ref("Decision"),
        record({"call": ref("Call")}, {"wait": WAIT, "nested": FLAG}),
    ),
    ("POST", "/v1/redeem"): Operation("run what a ticket stands for", ref("Run"), record({"ticket": TOKEN})),
    ("POST", "/v1/run"): Operation(
        "run this call, if it may run",
        ref("Run"),
        record({"call": ref("Call")}, {"wait": WAIT, "key": ANY_NAME}),
    ),
    ("POST", "/v1/result"): Operation(
        "redact and record what came of a call",
        record({"result": ANY_JSON, "findings": whole()}),
        record({"call": ref("Call"), "result": ANY_JSON}),
    ),
    ("POST", "/v1/ended"): Operation("a call is over", OK, record({"call": ref("Call"), "ms": whole(), "error": FLAG})),
    ("GET", "/v1/executions"): Operation("what was carried out, the newest first", _EXECUTIONS, local=True),
    ("POST", "/v1/executions"): Operation("one execution, or none", _EXECUTIONS, record({"id": NAME}), local=True),
    ("POST", "/v1/executions/settle"): Operation(
        "what a person found out of one that is unknown", OK, record({"id": NAME, "done": FLAG}), local=True
    ),
    ("POST", "/v1/plan"): Operation("judge several calls before they are made", ref("Planned"), ref("Plan")),
    ("POST", "/v1/plan/end"): Operation("forget what is left of a session's approved plans", OK, _SESSION),
    ("GET", "/v1/blueprints"): Operation("the workflows that policy holds", _BLUEPRINTS),
    ("POST", "/v1/redact"): Operation(
        "redact any value", record({"value": ANY_JSON, "findings": whole()}), record({"value": ANY_JSON})
    ),
    ("POST", "/v1/outbound"): Operation("may this be said to somebody?", ref("Sendable"), ref("Outbound")),
    ("POST", "/v1/inbound"): Operation(
        "somebody has written", OK, record({"agent": NAME, "session": NAME, "channel": NAME, "from": NAME})
    ),
    ("POST", "/v1/secrets"): Operation(
        "names of the secrets that an agent may refer to", record({"names": many(text())}), _AGENT
    ),
    ("POST", "/v1/tools"): Operation(
        "what an agent can do with connected services",
        record({"connections": many(_CONNECTION), "tools": many(_TOOL)}),
        _AGENT,
    ),
}

_PLUGIN: Final[Mapping[tuple[str, str], Operation]] = {
    ("GET", "/v1/needles"): Operation(
        "what finds secrets and tells none",
        record({"version": text(), "key": text(), "window": whole(), "needles": many(_NEEDLE)}),
    ),
    ("POST", "/v1/check-in"): Operation("a plugin is there", ref("Welcome"), ref("CheckIn")),
    ("POST", "/v1/check-out"): Operation("a plugin ends", OK, record({"agent": NAME, "process": TOKEN})),
    ("POST", "/v1/turn"): Operation("a turn begins", ref("TurnAnswer"), ref("Turn")),
    ("POST", "/v1/usage-seen"): Operation(
        "what a host counted", record({"ok": FLAG, "matches": FLAG}), ref("UsageSeen")
    ),
    ("POST", "/v1/spawned"): Operation(
        "a session was started", OK, record({"agent": NAME, "session": NAME}, {"parent": ANY_NAME})
    ),
    ("POST", "/v1/unspawned"): Operation("the run of such a session is over", OK, _SESSION),
    ("POST", "/v1/decided"): Operation("what people decided", ref("Decided"), ref("Poll")),
    ("POST", "/v1/answer"): Operation(
        "what a chat's button said", OK, record({"request": TOKEN, "allow": FLAG, "channel": NAME, "approver": NAME})
    ),
}

_OPERATOR: Final[Mapping[tuple[str, str], Operation]] = {
    ("GET", "/v1/agents"): Operation("what policy says of each agent", record({"agents": many(_MANIFEST)})),
    ("POST", "/v1/halt"): Operation(
        "the kill switch", OK, record({"agent": NAME, "halt": FLAG}, {"reason": text()}), local=True
    ),
    ("POST", "/v1/posture"): Operation("what the doctor found", OK, ref("Posture"), local=True),
    ("POST", "/v1/reload"): Operation("take up what changed", ref("Status"), local=True),
    ("GET", "/v1/status"): Operation("what is in force", ref("Status")),
    ("GET", "/v1/top"): Operation("what is going on now", ref("Top")),
    ("GET", "/v1/usage"): Operation(
        "what was consumed", ref("Usage"), query={"since": _SECONDS, "until": _SECONDS, "by": words(BY)}
    ),
    ("GET", "/metrics"): Operation("Prometheus' text format", None),
}

OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {**_CALLS, **_PLUGIN, **_OPERATOR}
