"""What a heartbeat says of the edge beside its policy and its audit log: counts, agents, halts, backups, names."""

from __future__ import annotations

import asyncio
import platform
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from proxy.effects import Services
from proxy.guards.interlock import Guards
from proxy.spending.budgets import Budgets
from safety_core.edge.backup import Backups
from safety_core.edge.halts import Hand
from safety_core.model.policy import Policy
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId
from safety_core.wire.activity import AGENT_NAME, AGENTS, NAMES, Activity, AgentTold, BackupTold, Count
from safety_core.wire.fleet import Component, is_version
from safety_core.wire.halts import EVERY


@dataclass(frozen=True, slots=True)
class Sight:
    """Looks at the parts of the edge. Nothing that it returns was written by an agent, but for names of narrow shapes
    that no known secret and no pattern of one is found in.

    Attributes:
        prompts: returns the sums of prompts since the edge began.
        secret_names: whether the hub is told names of secrets.
    """

    services: Services
    guards: Guards
    prompts: Callable[[], Mapping[Count, int]]
    budgets: Budgets
    backups: Backups
    secret_names: bool = True

    def versions(self) -> Mapping[Component, str]:
        """Return what runs here; of the plugin and its host as they said at the newest check-in."""
        plugin = self.guards.presence.newest()
        known = {
            Component.GATEWAY: version("safety-gateway"),
            Component.PYTHON: platform.python_version(),
            Component.SQLITE: sqlite3.sqlite_version,
            Component.PLUGIN: plugin.version if plugin else "",
            Component.OPENCLAW: plugin.host if plugin else "",
        }
        return {component: text for component, text in known.items() if is_version(text) and self._plain(text)}

    def activity(self) -> Activity:
        """Return the sums since the edge began."""
        return Activity(self.services.tally.since, {**self.services.tally.counts, **self.prompts()})

    def agents(self, policy: Policy) -> tuple[AgentTold, ...]:
        """Return the agents that policy names or that have asked for something, with the tier that each has here."""
        seen: dict[AgentId, float] = dict.fromkeys(policy.agents, 0.0)
        for source in (self.guards.presence.seen(), self.services.tally.seen()):
            for agent, at in source.items():
                seen[agent] = max(at, seen.get(agent, 0.0))
        latest = sorted((name for name in seen if self._tellable(name)), key=lambda name: (-seen[name], name))
        return tuple(
            AgentTold(name, policy.agent(name).tier, int(seen[name]), bool(self.guards.halts.reason(name)))
            for name in latest[:AGENTS]
        )

    def hub_halts(self) -> tuple[str, ...]:
        """Return for whom the hub has thrown the switch ("*": all)."""
        names = (halted.agent for halted in self.guards.halts.thrown() if halted.by is Hand.HUB)
        return tuple(name for name in names if name == EVERY or self._tellable(name))[:AGENTS]

    def halted(self) -> int:
        """Return how many switches are thrown."""
        return len(self.guards.halts.thrown())

    def budgets_spent(self) -> int:
        """Return how many limits are used up."""
        return sum(used >= 1.0 for used in self.budgets.used().values())

    async def backup(self) -> BackupTold | None:
        """Return the newest backup."""
        return await asyncio.to_thread(self.backups.latest)

    def secrets(self) -> tuple[str, ...] | None:
        """Return the names of the secrets that people have registered; None where they are not told."""
        return self._names(self.services.secrets.names()) if self.secret_names else None

    def missing(self) -> tuple[str, ...]:
        """Return names that agents referred to in vain; none where names are not told."""
        return self._names(self.services.secrets.missed()) if self.secret_names else ()

    def _names(self, names: tuple[SecretName, ...]) -> tuple[str, ...]:
        return tuple(name for name in names[:NAMES] if self._plain(name))

    def _tellable(self, agent: AgentId) -> bool:
        return AGENT_NAME.fullmatch(agent) is not None and self._plain(agent)

    def _plain(self, text: str) -> bool:
        """Tell whether there is nothing of a secret in it: whoever chose it may have chosen one."""
        return self.services.secrets.scrub(text) == text
