"""What policy says of each agent, as one JSON object: the body of GET /v1/agents.

{"agents": [{"agent", "tier", "tools": [names] | null, "secrets": [names] | null,
             "connections": [names] | null, "sandbox": "required" | "any",
             "subagents": {"depth", "running"}, "budget": {LIMIT: number}, "halted": bool}]}

LIMIT: tokens_per_day, tokens_per_month, or in nano-US-dollars usd_per_day, usd_per_month; those that there are.

An agent that policy does not name is not among them: it has the default tier, and the defaults of docs/policy.md.
"""

from __future__ import annotations

from collections.abc import Collection

from proxy.guards.halts import Halts
from safety_core.canonical import Json, JsonObject
from safety_core.model.budget import limit_name
from safety_core.model.policy import AgentManifest, Policy


def agents_json(policy: Policy, halts: Halts) -> JsonObject:
    """Return the manifests by name, and who is halted."""
    manifests: list[Json] = [_manifest(one, bool(halts.reason(name))) for name, one in sorted(policy.agents.items())]
    return {"agents": manifests}


def _manifest(manifest: AgentManifest, halted: bool) -> JsonObject:
    return {
        "agent": manifest.name,
        "tier": manifest.tier.word,
        "tools": _listed(manifest.tools),
        "secrets": _listed(manifest.secrets),
        "connections": _listed(manifest.connections),
        "sandbox": manifest.sandbox.value,
        "subagents": {"depth": manifest.subagents.depth, "running": manifest.subagents.running},
        "budget": {limit_name(*limit): most for limit, most in manifest.budget.limits().items()},
        "halted": halted,
    }


def _listed(names: Collection[str] | None) -> Json:
    return None if names is None else [*sorted(names)]
