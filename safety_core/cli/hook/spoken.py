"""An answer as each host understands it: what it reads on standard output and error, and an exit status.

A block is said in both ways that a host listens to, JSON and exit status 2 with a reason on standard error. Tried with
Claude Code 2.1.197 and Codex 0.171.0: either blocks; any other exit status, or output that is not understood, does not.
So Codex is never told "ask", which it does not understand: there, asking is a block.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.hook.answer import Answer, Word
from safety_core.cli.hook.deadline import BLOCKED
from safety_core.cli.hook.event import Kind

NAMED: Final = "Safety Gateway: "
"""Who speaks: a model and a person see other hooks' words, too."""

WITHHELD: Final = "[withheld: Safety Gateway could not redact it]"


class Host(Enum):
    """Who asks. The value is the command's name, and the agent's unless it is said otherwise."""

    CLAUDE_CODE = "claude-code"
    CODEX = "codex"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a hook prints, and leaves with."""

    out: str = ""
    err: str = ""
    status: int = 0


def spoken(host: Host, kind: Kind, answer: Answer, *, permit: bool = False) -> Spoken:
    """Return what `host` is told.

    Args:
        permit: a call that policy lets pass is not the host's to ask about any more.
    """
    if kind is Kind.RESULT:
        return _result(host, answer)
    if answer.word is Word.BLOCK:
        return _blocked(kind, answer.reason)
    if kind is Kind.PROMPT:
        return Spoken()
    return _asked(host, answer) if answer.word is Word.ASK else _passed(host, answer, permit=permit)


def refused(reason: str) -> Spoken:
    """Return what either host is told where not even the kind of the event is known."""
    return Spoken(err=NAMED + reason, status=BLOCKED)


def _blocked(kind: Kind, reason: str) -> Spoken:
    told = f"{NAMED}blocked. {reason}"
    if kind is Kind.PROMPT:
        return Spoken(_json({"decision": "block", "reason": told}), told, BLOCKED)
    return Spoken(_decision("deny", told), told, BLOCKED)


def _asked(host: Host, answer: Answer) -> Spoken:
    if host is Host.CLAUDE_CODE:
        return Spoken(_decision("ask", NAMED + answer.reason))
    told = (
        f"a person decides this, and Codex's hooks cannot ask one: let an edge ask, or do it yourself. {answer.reason}"
    )
    return _blocked(Kind.CALL, told)


def _passed(host: Host, answer: Answer, *, permit: bool) -> Spoken:
    if answer.instead is None and (host is Host.CODEX or not permit):
        return Spoken()
    fields: JsonObject = {} if answer.instead is None else {"updatedInput": answer.instead}
    return Spoken(_decision("allow", NAMED + (answer.reason or "policy allows it"), fields))


def _decision(word: str, reason: str, more: JsonObject | None = None) -> str:
    fields: JsonObject = {"permissionDecision": word, "permissionDecisionReason": reason, **(more or {})}
    return _json({"hookSpecificOutput": {"hookEventName": Kind.CALL.value, **fields}})


def _result(host: Host, answer: Answer) -> Spoken:
    """Return what puts the clean result in the place of the raw one; where there is none, the turn ends."""
    blocked = answer.word is Word.BLOCK
    if not blocked and not answer.cleaned:
        return Spoken()
    stop: JsonObject = {"continue": False, "stopReason": NAMED + answer.reason} if blocked else {}
    if host is Host.CODEX:
        told = f"{WITHHELD} {answer.reason}" if blocked else f"{NAMED}secrets were taken out: {_text(answer.clean)}"
        return Spoken(_json({"decision": "block", "reason": told, **stop}))
    fields: JsonObject = {"hookEventName": Kind.RESULT.value, "updatedToolOutput": answer.clean}
    return Spoken(_json({"hookSpecificOutput": fields, **stop}))


def withheld(value: Json) -> Json:
    """Return a value of the same shape with nothing in it: a host takes no other in the place of a result."""
    if isinstance(value, dict):
        return {key: below if key == "type" else withheld(below) for key, below in value.items()}
    if isinstance(value, list):
        return [withheld(below) for below in value]
    return WITHHELD if isinstance(value, str) and value else value


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(value: JsonObject) -> str:
    """Return JSON in plain ASCII: whatever the host's locale is, it can be written."""
    return json.dumps(value)
