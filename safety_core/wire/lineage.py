"""Sessions that agents start, as the plugin tells of them, parsed or refused.

POST /v1/spawned     {"agent", "session", "parent"}   the agent whose new session it is; the session that asked for it
POST /v1/unspawned   {"agent", "session"}             its run is over
"""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.model.tool_call import AgentId, SessionId
from safety_core.wire.names import name
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class Spawned:
    """A session that another one has started. `parent` is empty where nobody knows which."""

    agent: AgentId
    session: SessionId
    parent: SessionId


@dataclass(frozen=True, slots=True)
class Unspawned:
    """A session whose run is over."""

    agent: AgentId
    session: SessionId


def spawned_from(raw: bytes) -> Spawned:
    """Return which session was started, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    spawned = Spawned(
        AgentId(name(body, "agent")), SessionId(name(body, "session")), SessionId(name(body, "parent", ""))
    )
    body.done()
    return spawned


def unspawned_from(raw: bytes) -> Unspawned:
    """Return which session's run is over, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    unspawned = Unspawned(AgentId(name(body, "agent")), SessionId(name(body, "session")))
    body.done()
    return unspawned
