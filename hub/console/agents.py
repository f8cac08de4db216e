"""Agents and their tiers: what the signed policy says of each, beside what its edge saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from hub.console.tenants import may_order
from hub.console.visit import PageRoutes, Visit
from hub.errors import NotFoundError
from hub.fleet.heartbeats import CALM_SECONDS
from hub.policy.reading import policy_of
from hub.roles import Role
from hub.store import fleet
from hub.store import orders as stored_orders
from safety_core.model.budget import Unit, limit_name
from safety_core.model.policy import AgentManifest, Policy
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.model.usage import dollars
from safety_core.wire.activity import AgentTold


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. `told`: as its edge sees it; None where it is only in the policy.

    Attributes:
        tier: what the policy published last says; empty while there is none.
        listed: policy names it; else it has the default tier.
        differs: the edge holds it to another tier, under another revision.
    """

    name: AgentId
    tier: str
    listed: bool
    tools: str
    secrets: str
    budget: str
    sandbox: str
    told: AgentTold | None

    @property
    def differs(self) -> bool:
        """Tell whether policy and edge say different things."""
        return self.told is not None and bool(self.tier) and self.told.tier.word != self.tier


async def show(visit: Visit) -> Response:
    """Show the agents of a tenant."""
    mine = await visit.tenants()
    if not mine:
        raise NotFoundError("agents", "have no tenant to show", "ask an admin of the hub for a role at one")
    tenant = TenantId(visit.request.query_params.get("tenant") or mine[0])
    visit.require(Role.VIEWER, tenant)
    policy, now = await policy_of(visit.context, tenant), visit.context.clock()
    async with visit.context.database.read() as connection:
        (seen,) = await fleet.last_seen(connection, tenant) or (None,)
        halted = await stored_orders.halted(connection, tenant, now + CALM_SECONDS)
    told = seen.beat.agents if seen is not None and seen.beat is not None else ()
    return visit.render(
        "agents.html",
        tenant=tenant,
        tenants=[(name, name) for name in mine],
        agents=agents(policy, told),
        policy=policy,
        seen=seen,
        halted=halted,
        may_order=may_order(visit, tenant),
    )


def agents(policy: Policy | None, told: tuple[AgentTold, ...]) -> list[Agent]:
    """Return every agent that policy or edge knows, by name. Pure."""
    seen = {agent.name: agent for agent in told}
    names = {*(policy.agents if policy is not None else ()), *seen}
    return [_agent(name, policy, seen.get(name)) for name in sorted(names)]


def _agent(name: AgentId, policy: Policy | None, told: AgentTold | None) -> Agent:
    if policy is None:
        return Agent(name, "", False, "", "", "", "", told)
    manifest = policy.agent(name)
    return Agent(
        name,
        manifest.tier.word,
        name in policy.agents,
        _names(manifest.tools, "every tool"),
        _names(manifest.secrets, "every secret"),
        _budget(manifest),
        manifest.sandbox.value,
        told,
    )


def _names(names: frozenset[str] | None, every: str) -> str:
    return every if names is None else ", ".join(sorted(names)) or "none"


def _budget(manifest: AgentManifest) -> str:
    limits = manifest.budget.limits()
    words = [
        f"{limit_name(unit, period).replace('_', ' ')}: {f'{most:,}' if unit is Unit.TOKENS else dollars(most)}"
        for (unit, period), most in limits.items()
    ]
    return ", ".join(words) or "none"


ROUTES: Final[PageRoutes] = (("GET", "/agents", show),)
