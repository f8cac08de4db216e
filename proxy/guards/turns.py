"""What the plugin is told: at its check-in, what its agent may do; before each turn, whether it may begin; and after
it, whether its host counted the same tokens as the egress."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from proxy.effects import Services
from proxy.force import InForce
from proxy.guards.interlock import Guards
from proxy.guards.presence import TTL
from proxy.spending.budgets import Budgets
from proxy.spending.prefixes import Prefixes
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.errors import BudgetError, SafetyError
from safety_core.flow.guidance import guidance
from safety_core.flow.interlock import HaltedError, Interlock
from safety_core.model.level import Tier
from safety_core.model.policy import AgentManifest
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.halts import Halt
from safety_core.wire.presence import CheckIn, CheckOut
from safety_core.wire.turns import Turn, UsageSeen


@dataclass(slots=True)
class Turns:
    """Answers the plugin.

    Attributes:
        differences: how often its host counted otherwise, since the edge began.
        prefixes: what each agent's prompt began with in its last turn.
    """

    in_force: InForce
    services: Services
    guards: Guards
    budgets: Budgets
    differences: int = 0
    prefixes: Prefixes = field(default_factory=Prefixes)

    async def check_in(self, who: CheckIn) -> JsonObject:
        """Count a plugin as there, and say what its agent may do."""
        await self.services.secrets.refresh()
        faults = tuple(map(self.services.secrets.scrub, who.faults))
        welcome = self.guards.presence.check_in(replace(who, faults=faults), clock.now())
        manifest, revision, _ = self._manifest(who.agent)
        return {
            "ok": not welcome.reason,
            "reason": welcome.reason,
            "policy": revision,
            "ttl": TTL,
            "nonce": welcome.nonce,
            "needles": self.services.secrets.version,
            "agent": {
                "tools": _tools(manifest),
                "secrets": [name for name in self.services.secrets.names(who.agent) if manifest.may_use(name)],
                "sandbox": manifest.sandbox.value,
                "halted": bool(self.guards.halts.reason(who.agent)),
                "reason": self.guards.halts.reason(who.agent),
            },
        }

    def check_out(self, who: CheckOut) -> JsonObject:
        """Count a process no longer, nor what its agent has started; who is not known has started nothing."""
        if self.guards.presence.check_out(who):
            self.services.lineage.gone(who.agent)
        return {"ok": True}

    async def turn(self, turn: Turn) -> JsonObject:
        """Note that a turn begins under its trace, and say whether it may. Raises SafetyError: it may not."""
        await self.services.secrets.refresh()
        now = clock.now()
        manifest, _, trouble = self._manifest(turn.agent)
        reason = trouble or self._halted(turn.agent) or self._unguarded(turn, now) or self._overspent(turn.agent)
        if reason:
            await self.services.audit.append(AuditEntry(now, Event.REFUSED, turn.agent, "turn", turn.trace))
        else:
            self.prefixes.note(turn, now)
            self.guards.foreseen.turn(turn.agent, turn.session, turn.trace)
            await self.guards.announce(turn.agent, turn.trace)
        return {
            "ok": not reason,
            "reason": reason,
            "tools": _tools(manifest),
            "guidance": guidance(manifest, self.services.secrets.names(turn.agent)),
        }

    async def usage_seen(self, seen: UsageSeen) -> JsonObject:
        """Hold what a host counted against what the egress did, and record a difference."""
        more = await self.guards.traces.difference(seen)
        if not more or more == (0, 0):
            return {"ok": True, "matches": True}
        self.differences += 1
        counts = {"input_more": more[0], "output_more": more[1]}
        provider = self.services.secrets.scrub(seen.provider)
        entry = AuditEntry(clock.now(), Event.USAGE_DIFFERS, seen.agent, provider, seen.trace, counts=counts)
        await self.services.audit.append(entry)
        return {"ok": True, "matches": False}

    async def halt(self, wish: Halt) -> JsonObject:
        """Throw the kill switch, or take it back."""
        reason = self.services.secrets.scrub(wish.reason)
        await self.guards.halts.set(replace(wish, reason=reason))
        return {"ok": True}

    def to_json(self) -> JsonObject:
        """Return what the interlock does and has seen, for the status."""
        last = self.services.secrets.scrub(self.guards.last)
        return {
            **self.guards.to_json(),
            "last": last,
            "usage_differences": self.differences,
            "prefixes": self.prefixes.to_json(),
        }

    def _manifest(self, agent: AgentId) -> tuple[AgentManifest, str | None, str]:
        """Return the agent's manifest, the policy's revision, and why none is in force: then it may do nothing."""
        try:
            force = self.in_force.current(clock.now())
        except SafetyError as error:
            nothing = AgentManifest(agent, Tier.SUPERVISED, frozenset(), frozenset())
            return nothing, None, str(error)
        return force.policy.agent(agent), force.policy.revision, ""

    def _halted(self, agent: AgentId) -> str:
        try:
            self.guards.halts.demand(agent)
        except HaltedError as error:
            return str(error)
        return ""

    def _unguarded(self, turn: Turn, now: float) -> str:
        """Return why the process in which the turn begins is not guarded: another one of the same agent may be."""
        if self.guards.interlock(turn.agent) is not Interlock.ENFORCE:
            return ""
        objection = self.guards.presence.objection(turn.agent, turn.process, now)
        return f"no model is reached without its safety plugin: {objection}" if objection else ""

    def _overspent(self, agent: AgentId) -> str:
        try:
            self.budgets.demand(agent)
        except BudgetError as error:
            return str(error)
        return ""


def _tools(manifest: AgentManifest) -> Json:
    return None if manifest.tools is None else [*sorted(manifest.tools)]
