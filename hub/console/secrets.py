"""Names of secrets, never a value: which there are, and which an agent asked for in vain.

There is no field for a value here, and there will be none: a secret is set on the tenant's own server.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.console.visit import PageRoutes, Visit
from hub.errors import NotFoundError
from hub.policy.reading import policy_of
from hub.roles import Role
from hub.store import fleet
from safety_core.model.policy import Policy
from safety_core.model.tool_call import AgentId, TenantId

_UNNAMED: Final = AgentId("")
"""No manifest has this name: what holds for it holds for every agent that has none."""


async def show(visit: Visit) -> Response:
    """Show the names that a tenant's edge has told."""
    mine = await visit.tenants()
    if not mine:
        raise NotFoundError("secrets", "have no tenant to show", "ask an admin of the hub for a role at one")
    tenant = TenantId(visit.request.query_params.get("tenant") or mine[0])
    visit.require(Role.VIEWER, tenant)
    policy = await policy_of(visit.context, tenant)
    async with visit.context.database.read() as connection:
        (seen,) = await fleet.last_seen(connection, tenant) or (None,)
    beat = None if seen is None else seen.beat
    return visit.render(
        "secrets.html",
        tenant=tenant,
        tenants=[(name, name) for name in mine],
        seen=seen,
        names=None if beat is None or beat.secrets is None else [(name, users(name, policy)) for name in beat.secrets],
        missing=() if beat is None else beat.missing,
    )


def users(name: str, policy: Policy | None) -> str:
    """Return which agents policy lets refer to a secret. Pure."""
    if policy is None:
        return "not known: no policy was published"
    named = sorted(str(agent) for agent, manifest in policy.agents.items() if manifest.may_use(name))
    if policy.agent(_UNNAMED).may_use(name):
        named.append("each that policy does not name" if policy.agents else "every agent")
    return ", ".join(named) or "none"


ROUTES: Final[PageRoutes] = (("GET", "/secrets", show),)
