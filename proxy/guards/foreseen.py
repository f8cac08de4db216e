"""The tool calls that models' responses proposed, in memory, and what became of them: of each call that a host
reports, whether its agent's model has proposed this very call.

Joined by the call's id, however the host spells it; a call that came without one (Gemini, Ollama) by its tool and
arguments. Nothing is decided by it. Nothing survives the process, so that of a session whose turn was not announced to
this process nothing is claimed; nor of one whose calls may have been forgotten, for all of this is bounded.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from proxy.newest import keep
from safety_core.canonical import Digest, JsonObject, digest
from safety_core.edge import clock
from safety_core.errors import InputError
from safety_core.flow.tool_results import spellings
from safety_core.model.tool_call import AgentId, ProposedCall, SessionId, ToolCall

KEPT: Final = 3600.0
"""Seconds that a proposed call is remembered: one may wait behind another for a person."""

REPORTED: Final = 600.0
"""Seconds within which a guarded agent's plugin should have reported a call."""

CALLS: Final = 512
"""Calls remembered of one agent; a busy one makes some hundred in an hour."""

SESSIONS: Final = 4096
"""Sessions, and traces of turns, that are remembered; the oldest go first."""

FORESEEN: Final = "foreseen"
CHANGED: Final = "changed"
UNFORESEEN: Final = "unforeseen"
UNREPORTED: Final = "unreported"


@dataclass(slots=True)
class _Known:
    """One call that was proposed. `content` is of its tool and arguments, None where these are not known.

    Attributes:
        names: the spellings of its id; those under which it was reported where it had none.
        missed: nobody has reported it in time.
        joined: it has been counted as foreseen or changed.
    """

    names: frozenset[str]
    tool: str
    content: Digest | None
    at: float
    reported: bool = False
    missed: bool = False
    joined: bool = False


@dataclass(slots=True)
class _Agent:
    """What is remembered of one agent. `forgot`: when a call was last dropped that might still be reported."""

    calls: deque[_Known] = field(default_factory=deque)
    strangers: OrderedDict[str, bool] = field(default_factory=OrderedDict)
    forgot: float = -KEPT


class Foreseen:
    """What was proposed of late.

    Args:
        guarded: tells whether an agent must have its plugin: of others nothing is missed.
    """

    def __init__(self, guarded: Callable[[AgentId], bool]) -> None:
        self._guarded = guarded
        self._agents: dict[AgentId, _Agent] = {}
        self._sessions: OrderedDict[tuple[AgentId, SessionId], float] = OrderedDict()
        self._turns: OrderedDict[tuple[AgentId, str], SessionId] = OrderedDict()
        self._counts = dict.fromkeys((FORESEEN, CHANGED, UNFORESEEN, UNREPORTED), 0)

    def turn(self, agent: AgentId, session: SessionId, trace: str) -> None:
        """Note that a turn of this session begins: what its model proposes will be seen from the first call on."""
        keep(self._turns, (agent, trace), session, SESSIONS)
        keep(self._sessions, (agent, session), self._sessions.get((agent, session), -REPORTED), SESSIONS)

    def session(self, agent: AgentId, trace: str) -> SessionId:
        """Return the session of the turn with this trace id, empty where that is not known."""
        return self._turns.get((agent, trace), SessionId(""))

    def note(self, agent: AgentId, calls: tuple[ProposedCall, ...], now: float) -> tuple[ProposedCall, ...]:
        """Remember calls; return those that were not told before (a response may be fetched twice)."""
        known = self._agents.setdefault(agent, _Agent())
        self._expire(agent, known, now)
        fresh = tuple(call for call in calls if not _told(known, call))
        for call in fresh:
            known.calls.append(_Known(_names(call.id), call.tool, _content(call), now))
            if len(known.calls) > CALLS:
                known.forgot = now
                known.calls.popleft()
        return fresh

    def passes_on(self, call: ToolCall, now: float) -> None:
        """Note that a call makes another one, which its host will report and no response has proposed."""
        keep(self._sessions, (call.agent, call.session), now, SESSIONS)

    def report(self, call: ToolCall) -> Mapping[str, int]:
        """Return, as counts for the audit, how a call that a host reports was foreseen; nothing where none can say."""
        now = clock.now()
        if self._guarded(call.agent):
            self._agents.setdefault(call.agent, _Agent())
        agent = self._agents.get(call.agent)
        if agent is None:
            return {}
        self._expire(call.agent, agent, now)
        names, content = _names(call.id), _digest(call)
        match = _match(agent, call.tool, names, content)
        if match is None:
            return self._stranger(agent, call, now)
        word = FORESEEN if match.content == content else CHANGED
        match.names = match.names or names
        self._settle(match)
        if match.content is None:
            return {}
        self._counts[word] += not match.joined
        match.joined = True
        return {word: 1}

    def excuse(self, agent: AgentId, calls: tuple[ProposedCall, ...]) -> None:
        """Miss none of these calls: their agent has not had the response whole, so its host takes none of them up."""
        told = [(_names(call.id), _content(call)) for call in calls]
        for known in self._agents[agent].calls if agent in self._agents else ():
            if (known.names, known.content) in told:
                self._settle(known)

    def reported(self, call: ToolCall) -> None:
        """Note that a host has reported a call, even if it is refused before anything is made of it."""
        agent = self._agents.get(call.agent)
        names = _names(call.id)
        for known in agent.calls if agent else ():
            if known.names & names:
                self._settle(known)

    def to_json(self, now: float) -> JsonObject:
        """Return how many calls were reported as proposed, otherwise, unproposed and never, since the edge began."""
        for name, agent in self._agents.items():
            self._expire(name, agent, now)
        return {**self._counts}

    def _stranger(self, agent: _Agent, call: ToolCall, now: float) -> Mapping[str, int]:
        nested = self._sessions.get((call.agent, call.session))
        if nested is None or not self._guarded(call.agent):
            return {}
        if now < nested + REPORTED or now < agent.forgot + KEPT:
            return {}
        if call.id not in agent.strangers:
            self._counts[UNFORESEEN] += 1
        keep(agent.strangers, call.id, True, SESSIONS)
        return {UNFORESEEN: 1}

    def _settle(self, known: _Known) -> None:
        self._counts[UNREPORTED] -= known.missed
        known.reported, known.missed = True, False

    def _expire(self, name: AgentId, agent: _Agent, now: float) -> None:
        """Count what was not reported in time, and forget what is old."""
        guarded = self._guarded(name)
        for known in agent.calls:
            late = guarded and known.content is not None and now > known.at + REPORTED
            if late and not known.reported and not known.missed:
                known.missed = True
                self._counts[UNREPORTED] += 1
        while agent.calls and now > agent.calls[0].at + KEPT:
            if not agent.calls.popleft().reported:
                agent.forgot = now


def _match(agent: _Agent, tool: str, names: frozenset[str], content: Digest | None) -> _Known | None:
    """Return the proposed call that a reported one is: by its id the same, or the newest; without one alike."""
    same = [known for known in reversed(agent.calls) if known.names & names]
    if not same:
        same = [known for known in reversed(agent.calls) if not known.names and known.tool == tool]
    return next((known for known in same if known.content == content), same[0] if same else None)


def _told(agent: _Agent, call: ProposedCall) -> bool:
    if not call.id:
        return False
    names, content = _names(call.id), _content(call)
    return any(known.content == content and known.names == names and content is not None for known in agent.calls)


def _names(call: str) -> frozenset[str]:
    return frozenset(spellings(call))


def _content(call: ProposedCall) -> Digest | None:
    return None if call.params is None else _digest_of(call.tool, call.params)


def _digest(call: ToolCall) -> Digest | None:
    return _digest_of(call.tool, call.params)


def _digest_of(tool: str, params: JsonObject) -> Digest | None:
    try:
        return digest([tool, params])
    except InputError:
        return None
