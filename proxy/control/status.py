"""What is in force, as one JSON object: the body of GET /v1/status.

{"version", "tenant", "started", "policy": {"state", "detail", "revision", "version", "expires"},
 "layers": [{"layer", "state", "detail"}] (sandbox, tool policy, command gating, secrets redaction),
 "approvals": {"pending", "unsent"}, "executions": {"unknown"}, "audit": {"entries"}, "secrets",
 "canaries": [{"name", "times", "last"}] (seen), "ending": [{"name", "expires"}] (secrets whose end is near
 or past), "hub": {"url"}, "tasks": [...],
 "plugins": [{"agent", "state", "reason", "version", "host", "copies", "fired", "memory", ...}],
 "interlock": {"mode", "guarded", "refused", "observed", "last", "usage_differences",
               "calls": {"foreseen", "changed", "unforeseen", "unreported"},
               "prefixes": [{"agent", "soul", "tools", "since", "head", "kept", "of", "broken", "by_redaction", "last",
                             "last_at"}]},
 "budgets": [{"agent": name | null for all together, "budget", "spent", "held", "limit", "percent"}],
 "halted": [{"agent", "since", "reason", "by"}], "posture": null or {"at", "uid", "results": {check: result}},
  "listeners": {"control", "control_port", "egress", "forward"?},
 "egress": {"providers": [{"provider", "to", "key"}] (key: a secret's name or "", and "missing": true if it is not
            in the vault), "clients": [name]},
 "forward": null or {"allowed", "refused", "open", "sent", "received", "last"},
 "commands": {"confine": "enforce"|"off", "held": what confines them here, "lacking": [what does not]}}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from importlib.metadata import version

from proxy.background.pace import Pace
from proxy.effects import Services
from proxy.force import Force, InForce
from proxy.guards.turns import Turns
from proxy.settings import Settings
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.confine.layers import commands_json
from safety_core.errors import FreezeError, SafetyError
from safety_core.model.secret import SecretName


@dataclass(slots=True)
class Status:
    """Gathers it. `listeners` is filled in once they listen, `forward` where there is a forward proxy."""

    settings: Settings
    in_force: InForce
    services: Services
    turns: Turns
    tasks: Sequence[Pace]
    started: float
    listeners: JsonObject = field(default_factory=dict)
    forward: Callable[[], JsonObject] | None = None

    async def to_json(self) -> JsonObject:
        """Return what is in force now."""
        now = clock.now()
        policy, force = self._policy(now)
        await self.services.secrets.refresh()
        secrets = len(self.services.secrets)
        layers: list[Json] = [*_layers(force, secrets, str(policy["detail"]), self.settings.engine.kind)]
        tasks: list[Json] = [task.to_json() for task in self.tasks]
        guards = self.turns.guards
        plugins: list[Json] = [*guards.presence.to_json(now)]
        halted: list[Json] = [*guards.halts.to_json()]
        posture = self.services.posture.last
        waiting = await self.services.approvals.waiting()
        return {
            "version": version("safety-gateway"),
            "tenant": self.settings.tenant,
            "started": self.started,
            "policy": policy,
            "layers": layers,
            "approvals": {
                "pending": waiting.pending,
                "unsent": waiting.unsent,
            },
            "executions": {"unknown": await self.services.journal.unknown()},
            "audit": await self._audit(),
            "secrets": secrets,
            "canaries": self.services.secrets.canaries.to_json(),
            "ending": self.services.secrets.ending(now),
            "hub": {"url": self.settings.hub.url},
            "tasks": tasks,
            "plugins": plugins,
            "interlock": self.turns.to_json(),
            "budgets": self.turns.budgets.to_json(),
            "halted": halted,
            "posture": None if posture is None else posture.to_json(),
            "listeners": self.listeners,
            "egress": _egress(self.settings, frozenset(self.services.secrets.names())),
            "forward": self.forward() if self.forward else None,
            "commands": commands_json(confine=self.settings.execute.confine),
        }

    async def _audit(self) -> JsonObject:
        audit = self.services.audit
        last = audit.last_read
        read: JsonObject | None = None if last is None else {"at": last.at, "damage": [*last.damage]}
        return {"entries": await audit.size(), "read": read}

    def _policy(self, now: float) -> tuple[JsonObject, Force | None]:
        """Return the policy's part, and the policy if it is in force."""
        try:
            force = self.in_force.current(now)
        except FreezeError as error:
            return _policy_json("expired", str(error), self.in_force.latest()), None
        except SafetyError as error:
            return {"state": "none", "detail": str(error), "revision": None, "version": None, "expires": None}, None
        detail = f"revision {force.policy.revision}, version {force.policy.version}"
        if self.in_force.trouble is not None:
            detail += f"; a newer one was refused: {self.in_force.trouble}"
        elif now > force.expires:
            detail += "; expired, in its grace"
        return _policy_json("in force", detail, force), force


def _egress(settings: Settings, known: AbstractSet[SecretName]) -> JsonObject:
    providers: list[Json] = []
    for name, provider in settings.egress.providers.items():
        key = provider.key_secret
        told: JsonObject = {"provider": name, "to": provider.base_url, "key": key or ""}
        providers.append(told | {"missing": True} if key and key not in known else told)
    return {"providers": providers, "clients": [*settings.clients]}


def _policy_json(state: str, detail: str, force: Force) -> JsonObject:
    return {
        "state": state,
        "detail": detail,
        "revision": force.policy.revision,
        "version": force.policy.version,
        "expires": force.expires,
    }


def _layers(force: Force | None, secrets: int, why: str, engine: str) -> tuple[JsonObject, ...]:
    sandbox = _layer("sandbox", "unknown", "not checked; it is the agent's own, see `openclaw sandbox explain`")
    if force is None:
        refused = f"every call is refused: {why}"
        return (
            sandbox,
            *(_layer(name, "refusing", refused) for name in ("tool policy", "command gating", "secrets redaction")),
        )
    policy = force.policy
    listed = [name for name, manifest in sorted(policy.agents.items()) if manifest.tools is not None]
    return (
        sandbox,
        _layer("tool policy", "on", _held(listed)),
        _layer(
            "command gating",
            "on",
            f"{engine} engine, default tier {policy.default_tier.word}, {len(policy.floors)} floors",
        ),
        _layer("secrets redaction", "on", f"{secrets} known secrets, {len(policy.patterns)} patterns"),
    )


def _held(agents: Sequence[str]) -> str:
    return f"{', '.join(agents)}: listed tools only" if agents else "no agent is held to a list of tools"


def _layer(name: str, state: str, detail: str) -> JsonObject:
    return {"layer": name, "state": state, "detail": detail}
