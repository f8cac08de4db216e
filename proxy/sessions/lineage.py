"""Who started whom, in memory: so that subagents stay within the depth and number that policy allows.

The plugin tells of every session that an agent starts and of its end. A permission to start one counts at once, before
the session is there, so that calls which come together do not share one place. Nothing of it survives the process: then
only a session's own name says how deep it is.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from proxy.newest import keep
from safety_core.errors import SafetyError
from safety_core.model.descent import Descent, agent_in, generation
from safety_core.model.tool_call import AgentId, CallId, SessionId

SESSIONS: Final = 10_000
"""Remembered at once, those that ended too: what they are below still counts if they are spoken to again. A few MiB."""

PLACES: Final = 1000
"""Permissions that wait for their session at once; the oldest goes first."""

PLACE_SECONDS: Final = 60.0
"""How long a permission counts as a running session before its session shows. Starting one takes a second or two."""

LIFE_SECONDS: Final = 2 * 3600.0
"""How long a session counts as running whose end nobody tells: the agent's host may have died."""


class TooManySubagentsError(SafetyError):
    """Another subagent would be one too many."""


@dataclass(frozen=True, slots=True)
class _Session:
    """A session that an agent started. `root` and `depth` as in `Descent`; `until`: when it stops counting."""

    root: AgentId
    depth: int
    until: float


@dataclass(frozen=True, slots=True)
class _Place:
    """A permission to start a session that has not shown yet."""

    session: SessionId
    root: AgentId
    until: float


class Lineage:
    """The families of all sessions."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[SessionId, _Session] = OrderedDict()
        self._places: OrderedDict[tuple[AgentId, CallId], _Place] = OrderedDict()

    def spawned(self, agent: AgentId, session: SessionId, parent: SessionId, now: float) -> None:
        """Count `session` of `agent`, which the session `parent` (empty: nobody knows) has started, as running."""
        above = self._of(agent, parent)
        depth = max(above.depth, generation(session) - 1) + 1
        keep(self._sessions, session, _Session(above.root, depth, now + LIFE_SECONDS), SESSIONS)
        waiting = next((key for key, place in self._places.items() if place.session == parent), None)
        if waiting is not None:
            del self._places[waiting]

    def unspawned(self, session: SessionId) -> None:
        """Count a session as running no longer; one that nobody started is passed over."""
        known = self._sessions.get(session)
        if known is not None:
            self._sessions[session] = replace(known, until=0.0)

    def gone(self, agent: AgentId) -> None:
        """Count nothing of an agent's family as running: its host has ended."""
        for session, known in self._sessions.items():
            if known.root == agent:
                self._sessions[session] = replace(known, until=0.0)
        for key in [key for key, place in self._places.items() if place.root == agent]:
            del self._places[key]

    def descent(self, agent: AgentId, session: SessionId, now: float) -> Descent:
        """Return where a session of `agent` stands, and how many of its family are running."""
        above = self._of(agent, session)
        return replace(above, running=self._running(above.root, now))

    def reserve(self, agent: AgentId, session: SessionId, call: CallId, limit: int, now: float) -> None:
        """Take a place for a session that `call` is about to start; the same call again has its place already.

        Raises:
            TooManySubagentsError: `limit` of its family are running.
        """
        key, root = (agent, call), self._of(agent, session).root
        self._places.pop(key, None)
        running = self._running(root, now)
        if running >= limit:
            raise TooManySubagentsError(
                f"agent {agent}", f"has {running} subagents running, and may have {limit}", "wait until one has ended"
            )
        keep(self._places, key, _Place(session, root, now + PLACE_SECONDS), PLACES)

    def _of(self, agent: AgentId, session: SessionId) -> Descent:
        known = self._sessions.get(session)
        if known is not None:
            return Descent(known.root, known.depth)
        return Descent(agent_in(session) or agent, generation(session))

    def _running(self, root: AgentId, now: float) -> int:
        sessions = sum(one.root == root and now <= one.until for one in self._sessions.values())
        return sessions + sum(one.root == root and now <= one.until for one in self._places.values())
