"""Decisions of people on their way to and from a chat, parsed or refused.

POST /v1/decided   {"agents": [names], "wait"?: seconds, "told"?: [{"id", "session"}]}
POST /v1/answer    {"request": id, "allow": bool, "channel", "approver"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError, LimitError
from safety_core.model.approval import Asker, RequestId
from safety_core.model.tool_call import AgentId, SessionId
from safety_core.wire.names import NAME_LIMIT, name, plain, token
from safety_core.wire.reader import Reader

MANY: Final = 1000
"""Agents or request ids of one message: more agents than one machine runs, ten times the decisions of one answer."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Somebody who waits for decisions.

    Attributes:
        wait: seconds, not negative.
        told: sessions that have been told what an earlier answer brought.
    """

    agents: tuple[AgentId, ...]
    wait: float
    told: tuple[Asker, ...]


@dataclass(frozen=True, slots=True)
class Button:
    """What somebody said by a chat channel's button. `approver`: who, as the channel knows them."""

    request: RequestId
    allow: bool
    channel: str
    approver: str


def poll_from(raw: bytes) -> Poll:
    """Return who waits for what, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    wait = body.number("wait", 0.0)
    if wait < 0:
        raise InputError("request.wait", "must not be negative")
    poll = Poll(_agents(body), wait, _told(body))
    body.done()
    return poll


def button_from(raw: bytes) -> Button:
    """Return what a button said, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    button = Button(
        RequestId(token(body, "request")), body.flag("allow"), name(body, "channel"), name(body, "approver")
    )
    body.done()
    return button


def _agents(body: Reader) -> tuple[AgentId, ...]:
    names = _few(body, "agents", body.texts("agents"))
    if any(not each or plain(each, NAME_LIMIT) != each for each in names):
        raise InputError("request.agents", "has a name that is empty, too long, or holds a control character")
    return tuple(AgentId(each) for each in names)


def _told(body: Reader) -> tuple[Asker, ...]:
    return tuple(map(_asker, body.objects("told", limit=MANY))) if body.has("told") else ()


def _asker(body: Reader) -> Asker:
    asker = Asker(RequestId(token(body, "id")), SessionId(body.text("session", limit=4 * NAME_LIMIT)))
    body.done()
    return asker


def _few(body: Reader, field: str, found: tuple[str, ...]) -> tuple[str, ...]:
    if len(found) > MANY:
        raise LimitError(f"{body.path}.{field}", f"has more than {MANY} entries")
    return found
