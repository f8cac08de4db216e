"""What an agent's runtime is about to say to somebody, and who has written to it, parsed or refused.

POST /v1/outbound   {"agent", "session", "channel", "to", "content"}
POST /v1/inbound    {"agent", "session", "channel", "from"}

Of what leaves, session, channel and recipient are empty where the runtime does not know them: then nobody is known to
be answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.model.tool_call import AgentId, SessionId
from safety_core.wire.names import name
from safety_core.wire.reader import BODY_LIMIT, Reader


@dataclass(frozen=True, slots=True)
class Outbound:
    """A text that is about to leave. `channel`: the kind of place ("telegram"); `to`: whom it reaches there."""

    agent: AgentId
    session: SessionId
    channel: str
    to: str
    content: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """Somebody has written to an agent, in a session."""

    agent: AgentId
    session: SessionId
    channel: str
    sender: str


def outbound_from(raw: bytes) -> Outbound:
    """Return what is about to leave, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    outbound = Outbound(
        AgentId(name(body, "agent")),
        SessionId(name(body, "session", "")),
        name(body, "channel", ""),
        name(body, "to", ""),
        body.text("content", limit=BODY_LIMIT),
    )
    body.done()
    return outbound


def inbound_from(raw: bytes) -> Inbound:
    """Return who has written, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    inbound = Inbound(
        AgentId(name(body, "agent")), SessionId(name(body, "session")), name(body, "channel"), name(body, "from")
    )
    body.done()
    return inbound
