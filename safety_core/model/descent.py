"""Where a session stands among agents that start agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from safety_core.model.tool_call import AgentId, SessionId

_OWN: Final = AgentId("")


@dataclass(frozen=True, slots=True)
class Descent:
    """What is known of the family of one session.

    Attributes:
        root: the agent whose session a person speaks to, empty where it is the session's own.
        depth: generations below that session.
        running: sessions of all generations below it that are running now.
    """

    root: AgentId = _OWN
    depth: int = 0
    running: int = 0


FIRST_GENERATION: Final = Descent()
"""A session that nobody started but a person, and that has started none."""


def agent_in(session: str) -> AgentId:
    """Return the agent that OpenClaw's name of a session, `agent:<agent>:<rest>`, says; empty if it says none."""
    words = session.strip().split(":", 2)
    return AgentId(words[1] if len(words) == 3 and words[0].lower() == "agent" else "")


def generation(session: SessionId) -> int:
    """Return how many generations a session's name says it has above it: OpenClaw names a subagent's session
    `agent:<agent>:subagent:<uuid>`, and repeats the word where one stands below another."""
    words = session.lower().split(":")
    return words[2 if words[0] == "agent" else 0 :].count("subagent")
