"""An event put to the running edge: policy, approvals, audit log and redaction are there.

Little is imported here on purpose: a host waits for this process before each of its calls.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge
from safety_core.cli.hook.answer import PASSED, Answer, Word
from safety_core.cli.hook.event import SHELL, Event, Kind
from safety_core.errors import UnavailableError
from safety_core.wire.reader import Reader

SPARE: Final = 10.0
"""Seconds that the edge has for its own work, beside the wait for a person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which edge is asked, and how.

    Attributes:
        wait: seconds for a person's answer.
        program: how `safety` is started, for a command that the edge is to carry out.
    """

    agent: str
    socket: Path
    wait: float
    program: str


def judged_by_edge(event: Event, by: Asked) -> Answer:
    """Return what is to become of `event`.

    Raises:
        SafetyError: the edge does not answer, or refuses to look at it.
    """
    if event.kind is Kind.PROMPT:
        return _prompt(event, by)
    call: JsonObject = {
        "id": event.call,
        "tool": event.tool,
        "params": event.arguments,
        "agent": by.agent,
        "session": event.session,
    }
    return _result(event, by, call) if event.kind is Kind.RESULT else _call(event, by, call)


def _prompt(event: Event, by: Asked) -> Answer:
    found = Reader(ask_edge(by.socket, "POST", "/v1/redact", {"value": event.said}), "answer").integer("findings")
    if not found:
        return PASSED
    told = "there is a secret in this prompt: keep it with `safety secret set NAME`, and write SECRET_REF(NAME) for it"
    return Answer(Word.BLOCK, told)


def _result(event: Event, by: Asked, call: JsonObject) -> Answer:
    told = Reader(ask_edge(by.socket, "POST", "/v1/result", {"call": call, "result": event.said}), "answer")
    return Answer(Word.GO_ON, clean=told.json("result"), cleaned=told.json("result") != event.said)


def _call(event: Event, by: Asked, call: JsonObject) -> Answer:
    body: JsonObject = {"call": call, "wait": by.wait}
    answer = Reader(ask_edge(by.socket, "POST", "/v1/decide", body, seconds=by.wait + SPARE), "answer")
    decision, reason = answer.text("decision"), answer.text("reason", "", limit=100_000)
    if answer.has("instead"):
        reason = f"{reason} Make this call instead: {json.dumps(answer.json('instead'), ensure_ascii=False)}"
    if decision == "allow":
        return _ticket(event, by, answer.text("ticket")) if answer.has("ticket") else Answer(Word.GO_ON, reason)
    if decision == "pending":
        name = answer.object("approval").text("id")
        return Answer(Word.BLOCK, f"pending approval {name}: once a person has answered, make the same call again")
    if decision == "block":
        return Answer(Word.BLOCK, reason)
    raise UnavailableError("edge", "gave an answer that is none", "is the edge of this version?")


def _ticket(event: Event, by: Asked, ticket: str) -> Answer:
    """Return the command that has the edge carry out this one, which refers to a secret."""
    if event.tool != SHELL:
        return Answer(Word.BLOCK, "it refers to a stored secret; here only commands can")
    words = shlex.join(["hook", "redeem", ticket, "--socket", str(by.socket)])
    kept = {key: value for key, value in (event.params or {}).items() if key not in {"command", "cwd"}}
    return Answer(Word.GO_ON, "the edge runs it, with its secrets", {**kept, "command": f"{by.program} {words}"})
