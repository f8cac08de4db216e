"""The kill switch: who is halted, and by whose hand, known at once wherever it matters, and durable.

A person on this machine and the hub each have a switch of their own for an agent: it goes on once neither is thrown.
The hub takes back its own alone. A person here takes back both: the tenant's own machine has the last word.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.halts import Halted, HaltStore, Hand
from safety_core.flow.interlock import HaltedError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.halts import EVERY, Halt

HUB: Final = "hub"
"""In the audit log, whose word halted or resumed an agent, where it was no person on this machine."""


class Halts:
    """Who is halted. Asked for every call and every prompt, so it is held in memory; it changes with the disk only."""

    def __init__(self, store: HaltStore, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit
        self._halted: dict[tuple[AgentId, Hand], Halted] = {}

    async def load(self) -> None:
        """Read what is thrown. Raises UnavailableError."""
        self._halted = {(_spelt(halted.agent), halted.by): halted for halted in await self._store.all()}

    async def set(self, wish: Halt, by: Hand = Hand.PERSON) -> bool:
        """Throw the switch or take it back; it holds at once when thrown, and when durable if taken back.

        Returns: whether that changed anything.

        Raises:
            SafetyError: it could not be written down. What was thrown holds all the same, until the edge ends.
        """
        now, agent = clock.now(), _spelt(wish.agent)
        before = self._halted.get((agent, by))
        hands = [by] if wish.halt or by is Hand.HUB else [hand for hand in Hand if (agent, hand) in self._halted]
        changed = before is None if wish.halt else any((agent, hand) in self._halted for hand in hands)
        if wish.halt:
            halted = Halted(agent, now if before is None else before.since, wish.reason, by)
            self._halted[agent, by] = halted
            await self._store.throw(halted)
        entry = AuditEntry(now, Event.HALT, agent, outcome="halted" if wish.halt else "resumed")
        await self._audit.append(replace(entry, approver=HUB) if by is Hand.HUB else entry)
        if not wish.halt:
            for hand in hands or [by]:
                await self._store.take_back(agent, hand)
                self._halted.pop((agent, hand), None)
        return changed

    def reason(self, agent: AgentId) -> str:
        """Return why `agent` is halted, empty if it is not."""
        halted = self._of(agent)
        return "" if halted is None else halted.reason or "no reason was given"

    def demand(self, agent: AgentId) -> None:
        """Raise HaltedError if `agent` is halted."""
        halted = self._of(agent)
        if halted is not None:
            who = "the hub" if halted.by is Hand.HUB else "a person"
            switch = "--all" if halted.agent == EVERY else agent
            raise HaltedError(
                f"agent {agent}", f"was halted by {who}: {self.reason(agent)}", f"safety agent resume {switch}"
            )

    def thrown(self) -> tuple[Halted, ...]:
        """Return every switch that is thrown, by agent."""
        return tuple(halted for _, halted in sorted(self._halted.items()))

    def to_json(self) -> list[JsonObject]:
        """Return who is halted, and by whom, for the status; agent "*" is every agent."""
        return [
            {"agent": halted.agent, "since": halted.since, "reason": halted.reason, "by": halted.by.value}
            for halted in self.thrown()
        ]

    def _of(self, agent: AgentId) -> Halted | None:
        if not self._halted:
            return None
        switches = ((name, hand) for name in (_spelt(agent), EVERY) for hand in Hand)
        return next((self._halted[switch] for switch in switches if switch in self._halted), None)


def _spelt(agent: AgentId) -> AgentId:
    """Return an agent's name as it is looked up: whoever halts "Main" means OpenClaw's agent "main"."""
    return AgentId(agent.strip().lower())
