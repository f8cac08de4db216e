"""The kill switch: who is halted, known at once wherever it matters, and durable."""

from __future__ import annotations

from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.halts import Halted, HaltStore
from safety_core.flow.interlock import HaltedError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.halts import EVERY, Halt


class Halts:
    """Who is halted. Asked for every call and every prompt, so it is held in memory; it changes with the disk only."""

    def __init__(self, store: HaltStore, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit
        self._halted: dict[AgentId, Halted] = {}

    async def load(self) -> None:
        """Read what is thrown. Raises UnavailableError."""
        self._halted = {_spelt(halted.agent): halted for halted in await self._store.all()}

    async def set(self, wish: Halt) -> None:
        """Throw the switch or take it back; it holds at once when thrown, and when durable if taken back.

        Raises:
            SafetyError: it could not be written down. What was thrown holds all the same, until the edge ends.
        """
        now, agent = clock.now(), _spelt(wish.agent)
        if wish.halt:
            since = self._halted[agent].since if agent in self._halted else now
            halted = Halted(agent, since, wish.reason)
            self._halted[agent] = halted
            await self._store.throw(halted)
        await self._audit.append(AuditEntry(now, Event.HALT, agent, outcome="halted" if wish.halt else "resumed"))
        if not wish.halt:
            await self._store.take_back(agent)
            self._halted.pop(agent, None)

    def reason(self, agent: AgentId) -> str:
        """Return why `agent` is halted, empty if it is not."""
        halted = self._halted.get(_spelt(agent)) or self._halted.get(EVERY)
        return "" if halted is None else halted.reason or "no reason was given"

    def demand(self, agent: AgentId) -> None:
        """Raise HaltedError if `agent` is halted."""
        if reason := self.reason(agent):
            switch = agent if _spelt(agent) in self._halted else "--all"
            raise HaltedError(f"agent {agent}", f"was halted by a person: {reason}", f"safety agent resume {switch}")

    def to_json(self) -> list[JsonObject]:
        """Return who is halted, for the status; agent "*" is every agent."""
        return [
            {"agent": halted.agent, "since": halted.since, "reason": halted.reason}
            for _, halted in sorted(self._halted.items())
        ]


def _spelt(agent: AgentId) -> AgentId:
    """Return an agent's name as it is looked up: whoever halts "Main" means OpenClaw's agent "main"."""
    return AgentId(agent.strip().lower())
