"""Schemas (JSON Schema 2020-12) of what goes in and out."""

from __future__ import annotations

from typing import Final

from safety_core.canonical import JsonObject
from safety_core.flow.plan import How, PlanState
from safety_core.model.execution import ExecutionState
from safety_core.model.level import Level, Outcome
from safety_core.wire.decisions import MANY
from safety_core.wire.names import NAME_LIMIT
from safety_core.wire.plans import STEPS, WORDS
from safety_core.wire.posture import UIDS, Check, Result
from safety_core.wire.presence import COPIES, HOOKS
from safety_core.wire.reader import BODY_LIMIT
from safety_core.wire.schema import (
    ANYTHING,
    ERROR,
    FLAG,
    NUMBER,
    TIME,
    keyed,
    many,
    maybe,
    record,
    ref,
    text,
    whole,
    words,
)  # fmt: skip

NAME: Final = text(f"[^\\u0000-\\u001f\\u007f]{{1,{NAME_LIMIT}}}")
"""Format characters are refused, too, which no pattern says."""
ANY_NAME: Final = text(f"[^\\u0000-\\u001f\\u007f]{{0,{NAME_LIMIT}}}")
TOKEN: Final = text("[0-9a-f]{32}")
ANY_TOKEN: Final = text("([0-9a-f]{32})?")
DIGEST: Final = text("([0-9a-f]{64})?")
WAIT: Final[JsonObject] = {"type": "number", "minimum": 0, "maximum": 86400, "description": "seconds"}
ANY_JSON: Final[JsonObject] = {}
NAMES: Final = maybe(many(text()))
LONG: Final[JsonObject] = {"type": "string"}
LEVEL: Final = maybe(words(level.word for level in Level))

_JUDGED: Final[JsonObject] = {"level": LEVEL, "rule": text(), "reason": LONG}
_ASKED: Final[JsonObject] = {"approval": ref("Approval"), "instead": ref("Instead")}


def _calls() -> JsonObject:
    call = {"id": NAME, "tool": NAME, "params": ANYTHING, "agent": NAME}
    ran: JsonObject = {
        "output": LONG, "exit": {"type": "integer"}, "truncated": FLAG, "findings": whole(), "execution": text(),
        "undoable": FLAG, "repeated": FLAG, "withheld": FLAG,
    }  # fmt: skip
    return {
        "Call": record({**call}, {"session": ANY_NAME, "hints": ANYTHING}),
        "Approval": record({"id": TOKEN, "expires": NUMBER, "digest": text("[0-9a-f]{64}"), "code": text()}),
        "Instead": record({"tool": text(), "params": ANYTHING}),
        "Decision": record(
            {"decision": words(("allow", "block", "pending")), **_JUDGED}, {"ticket": TOKEN, "channel": FLAG, **_ASKED}
        ),
        "Run": record({"status": words(("executed", "pending", "refused")), **_JUDGED}, {**ran, **_ASKED}),
        "Sendable": record({"decision": words(("allow", "block", "pending")), "content": LONG, **_JUDGED}, {**_ASKED}),
        "Execution": record(
            {
                "id": text(), "agent": text(), "key": text(), "tool": text(), "call": text(), "at": NUMBER,
                "state": words(state.value for state in ExecutionState), "exit": maybe({"type": "integer"}),
                "undo": maybe(record({"tool": text(), "params": ANYTHING})),
            }
        ),
    }  # fmt: skip


def _plans() -> JsonObject:
    title = text(f"[^\\u0000-\\u001f\\u007f]{{0,{WORDS}}}")
    step = record({"id": NAME, "does": title, "tool": NAME, "params": ANYTHING}, {"later": FLAG})
    told: JsonObject = {
        "id": text(), "does": text(), "tool": text(), "level": LEVEL,
        "outcome": maybe(words(outcome.word for outcome in Outcome)), "answer": words(how.value for how in How),
        "reason": LONG, "recipients": many(text()), "amounts": many(text()), "later": FLAG,
    }  # fmt: skip
    return {
        "Plan": record(
            {"agent": NAME, "session": NAME, "title": title, "steps": {**many(step, STEPS), "minItems": 1}},
            {"dry": FLAG, "wait": WAIT},
        ),
        "Planned": record(
            {
                "state": words(state.value for state in PlanState), "steps": many(record(told)), "rule": text(),
                "reason": LONG,
            },
            {"approval": ref("Approval")},
        ),
    }  # fmt: skip


def _plugin() -> JsonObject:
    copies = {**keyed(many(NAME, HOOKS)), "maxProperties": COPIES, "propertyNames": NAME}
    fired = {**keyed(whole()), "maxProperties": HOOKS, "propertyNames": NAME}
    optional: JsonObject = {
        "host": ANY_NAME, "process": ANY_TOKEN, "nonce": ANY_TOKEN, "hooks": copies, "fired": fired,
        "faults": many(text()), "memory": whole(),
    }  # fmt: skip
    agent = record(
        {"tools": NAMES, "secrets": many(text()), "sandbox": text(), "halted": FLAG, "reason": text()},
    )
    prefix = record({}, {"soul": DIGEST, "tools": DIGEST})
    counts = dict.fromkeys(("input", "output", "cache_read", "cache_write"), whole())
    told = record(
        {
            "id": TOKEN,
            "agent": text(),
            "session": text(),
            "tool": text(),
            "state": words(("granted", "denied", "expired")),
        },
        {"edited_from": TOKEN, "params": ANYTHING, "service": FLAG},
    )
    return {
        "CheckIn": record({"agent": NAME, "plugin": NAME, "version": NAME}, optional),
        "Welcome": record(
            {
                "ok": FLAG, "reason": text(), "policy": maybe(text()), "ttl": NUMBER, "nonce": ANY_TOKEN,
                "needles": ANY_JSON, "agent": agent,
            }
        ),
        "Turn": record(
            {"agent": NAME, "trace": TOKEN},
            {"session": ANY_NAME, "run": ANY_NAME, "process": ANY_TOKEN, "prefix": prefix},
        ),
        "TurnAnswer": record({"ok": FLAG, "reason": text(), "tools": NAMES, "guidance": LONG}),
        "UsageSeen": record(
            {"agent": NAME, "trace": TOKEN, "usage": record({}, {**counts})},
            {"run": ANY_NAME, "provider": ANY_NAME, "model": ANY_NAME},
        ),
        "Poll": record(
            {"agents": many(NAME, MANY)},
            {"wait": WAIT, "told": many(record({"id": TOKEN, "session": text(most=4 * NAME_LIMIT)}), MANY)},
        ),
        "Decided": record({"decided": many(told)}),
        "Outbound": record(
            {"agent": NAME, "content": {"type": "string", "maxLength": BODY_LIMIT}},
            {"session": ANY_NAME, "channel": ANY_NAME, "to": ANY_NAME},
        ),
    }  # fmt: skip


def _seen() -> JsonObject:
    results: JsonObject = {check.value: words(result.value for result in Result) for check in Check}
    objects = many(ANYTHING)
    status: JsonObject = {
        "version": text(), "tenant": text(), "started": TIME, "policy": ANYTHING, "layers": objects,
        "approvals": ANYTHING, "executions": ANYTHING, "audit": ANYTHING, "secrets": whole(), "canaries": objects,
        "ending": objects, "hub": ANYTHING, "tasks": objects, "plugins": objects, "interlock": ANYTHING,
        "budgets": objects, "halted": objects, "posture": maybe(ANYTHING), "listeners": ANYTHING, "egress": ANYTHING,
        "forward": maybe(ANYTHING), "commands": ANYTHING,
    }  # fmt: skip
    row: JsonObject = {
        **dict.fromkeys(("requests", "estimated", "unpriced", "cost"), whole()), "key": text(), "saved": maybe(NUMBER),
    }  # fmt: skip
    point = record(dict.fromkeys(("at", "requests", "tokens", "cost"), whole()))
    top: JsonObject = {
        "at": TIME, "minute": keyed(NUMBER), "refusals": keyed(whole()), "redactions": whole(), "running": objects,
        "running_count": whole(), "approvals_pending": whole(), "latency": ANYTHING, "budgets": objects,
        "prefixes": record({"broken": whole(), "by_redaction": whole()}),
    }  # fmt: skip
    return {
        "Posture": record({"at": whole(), "uid": whole(0, UIDS), "results": record({}, results)}),
        "Status": record(status, {"trouble": text()}),
        "Top": record(top),
        "Usage": record(
            {
                "since": whole(), "until": whole(), "by": text(), "step": whole(), "over_time": many(point),
                "rows": many({**record(row), "additionalProperties": whole()}),
                "breaks": maybe(record({"all": whole(), "by_redaction": whole()})),
            }
        ),
    }  # fmt: skip


SCHEMAS: Final[JsonObject] = {**_calls(), **_plans(), **_plugin(), **_seen(), "Error": ERROR}
