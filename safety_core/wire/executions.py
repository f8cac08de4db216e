"""What the edge carried out, as it tells its own user.

GET /v1/executions    {"executions": [EXECUTION]}, the newest first
POST /v1/executions   {"id"} -> {"executions": [EXECUTION]}, that one, or none
POST /v1/executions/settle  {"id", "done": bool} -> {"ok": true}: what a person found out of one that is unknown
EXECUTION             {"id", "agent", "key", "tool", "call", "at", "state", "exit", "undo": null or {"tool", "params"}}
"""

from __future__ import annotations

from safety_core.canonical import JsonObject
from safety_core.model.execution import Execution, ExecutionId
from safety_core.wire.names import name
from safety_core.wire.reader import Reader


def execution_id_from(raw: bytes) -> ExecutionId:
    """Return which execution is asked for, or raise InputError naming the field."""
    return ExecutionId(name(Reader.parse(raw, "request"), "id"))


def execution_to_json(execution: Execution) -> JsonObject:
    """Return what may be told of it: no output, no secret (what takes it back holds references)."""
    ending = execution.ending
    undo = None if ending is None or ending.undo is None else ending.undo
    return {
        "id": execution.id,
        "agent": execution.agent,
        "key": execution.key,
        "tool": execution.tool,
        "call": execution.call,
        "at": execution.at,
        "state": execution.state.value,
        "exit": None if ending is None else ending.status,
        "undo": None if undo is None else {"tool": undo.tool, "params": undo.params},
    }


def settled_from(raw: bytes) -> tuple[ExecutionId, bool]:
    """Return which execution a person has looked at, and whether it came about. Raises InputError."""
    body = Reader.parse(raw, "request")
    settled = ExecutionId(name(body, "id")), body.flag("done")
    body.done()
    return settled
