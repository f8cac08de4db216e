"""Answers of the flows -> what the control listener says.

/v1/decide   {"decision": "allow"|"block"|"pending", "level", "rule", "reason",
              "ticket"?, "approval"?, "channel"?: bool}
/v1/run      {"status": "executed"|"refused"|"pending", "level", "rule", "reason", "approval"?,
              "output"?, "exit"?, "truncated"?, "findings"?, "execution"?, "undoable"?: bool, "repeated"?: bool,
              "withheld"?: true}
/v1/redeem   as /v1/run, never "pending"
/v1/outbound {"decision": "allow"|"block"|"pending", "content", "level", "rule", "reason", "approval"?}
approval     {"id", "expires", "digest", "code"}

`instead` ({"tool", "params"}) is the call that was approved in place of this one, where an approver changed it.
`level` is null where the call was refused before it could be judged.
"""

from __future__ import annotations

from safety_core.approve import code
from safety_core.canonical import JsonObject
from safety_core.flow.answers import Answer, Entrusted, Executed, Pending, Permitted, Refused, Sendable
from safety_core.model.approval import ApprovalRequest
from safety_core.model.verdict import Verdict


def decision_json(answer: Answer, *, ticket: str = "", channel: bool = False) -> JsonObject:
    """Return the body of a decision.

    Args:
        ticket: with what the caller lets the edge run a call that was entrusted to it.
        channel: policy lets a chat channel answer the question.
    """
    match answer:
        case Permitted(verdict=verdict):
            return {"decision": "allow", **_judged(verdict)}
        case Entrusted(verdict=verdict):
            return {"decision": "allow", **_judged(verdict), "ticket": ticket}
        case Pending(request, verdict):
            return {"decision": "pending", **_judged(verdict), "approval": asked_json(request), "channel": channel}
        case Refused():
            return {"decision": "block", **_refused(answer)}


def run_json(answer: Executed | Pending | Refused) -> JsonObject:
    """Return the body of what came of a run."""
    match answer:
        case Executed(output, status, truncated, findings, verdict):
            done: JsonObject = {"output": output, "exit": status, "truncated": truncated, "findings": findings}
            written: JsonObject = {
                "execution": answer.execution, "undoable": answer.undoable, "repeated": answer.repeated,
            }  # fmt: skip
            if answer.withheld:
                written["withheld"] = True
            return {"status": "executed", **done, **_judged(verdict), **written}
        case Pending(request, verdict):
            return {"status": "pending", **_judged(verdict), "approval": asked_json(request)}
        case Refused():
            return {"status": "refused", **_refused(answer)}


def sendable_json(answer: Sendable | Pending | Refused) -> JsonObject:
    """Return the body of what may be said to somebody; what may not be said is not repeated."""
    match answer:
        case Sendable(content):
            return {"decision": "allow", "content": content, "level": None, "rule": "", "reason": ""}
        case Pending(request, verdict):
            return {"decision": "pending", "content": "", **_judged(verdict), "approval": asked_json(request)}
        case Refused():
            return {"decision": "block", "content": "", **_refused(answer)}


def _judged(verdict: Verdict) -> JsonObject:
    return {"level": verdict.level.word, "rule": verdict.rule, "reason": verdict.why}


def _refused(answer: Refused) -> JsonObject:
    level = answer.verdict.level.word if answer.verdict else None
    refused: JsonObject = {"level": level, "rule": answer.rule, "reason": answer.reason}
    if answer.instead is None:
        return refused
    return {**refused, "instead": {"tool": answer.instead.tool, "params": answer.instead.params}}


def asked_json(request: ApprovalRequest) -> JsonObject:
    """Return what is told of a question."""
    shown = {"digest": request.action_digest, "code": code(request.action_digest)}
    return {"id": request.id, "expires": request.expires, **shown}
