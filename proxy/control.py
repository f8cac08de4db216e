"""The control listener: what the plugin and the command line ask the edge, over JSON.

POST /v1/decide   /v1/run   /v1/result   /v1/redact   /v1/check-in        (bodies: safety_core.wire.calls)
POST /v1/reload   read the vault again and look for a new policy           (Unix socket only)
GET  /v1/status   what is in force

Nothing is executed on an error; an error is one object (proxy.errors), never a traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Route

from proxy.answers import decision_json, run_json
from proxy.caller import Caller, Callers
from proxy.calls import Calls
from proxy.endpoint import HANDLED, Endpoint
from proxy.presence import TTL, Presence
from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.model.tool_call import TenantId
from safety_core.wire import calls as wire


@dataclass(frozen=True, slots=True)
class Control:
    """What the routes speak to.

    Attributes:
        status: returns the body of GET /v1/status.
        reload: takes up what changed on disk and at the hub, and returns what is in force.
    """

    tenant: TenantId
    calls: Calls
    callers: Callers
    presence: Presence
    status: Callable[[], Awaitable[JsonObject]]
    reload: Callable[[], Awaitable[JsonObject]]

    async def decide(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say whether the call may run; the caller runs it."""
        proposal = wire.proposal_from(raw, self.tenant)
        return decision_json(await self.calls.decide(proposal, caller))

    async def run(self, raw: bytes, caller: Caller) -> JsonObject:
        """Run the call if it may."""
        proposal = wire.proposal_from(raw, self.tenant)
        return run_json(await self.calls.run(proposal, caller))

    async def result(self, raw: bytes, caller: Caller) -> JsonObject:
        """Redact and record what came of a call that the caller ran."""
        clean, findings = await self.calls.report(wire.report_from(raw, self.tenant))
        return {"result": clean, "findings": findings}

    async def redact(self, raw: bytes, caller: Caller) -> JsonObject:
        """Redact any value."""
        clean, findings = await self.calls.redact(wire.value_from(raw))
        return {"value": clean, "findings": findings}

    async def check_in(self, raw: bytes, caller: Caller) -> JsonObject:
        """Count a plugin as there."""
        who = wire.check_in_from(raw)
        revision = self.calls.revision(clock.now())
        self.presence.check_in(who, clock.now())
        return {"ok": True, "policy": revision, "ttl": TTL}

    async def in_force(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say what is in force."""
        return await self.status()

    async def take_up(self, raw: bytes, caller: Caller) -> JsonObject:
        """Take up what changed."""
        return await self.reload()


def control_app(control: Control, *, local: bool) -> Starlette:
    """Return the application. `local`: it is served on the Unix socket, to the edge's own user."""
    routes = {
        "/v1/decide": control.decide,
        "/v1/run": control.run,
        "/v1/result": control.result,
        "/v1/redact": control.redact,
        "/v1/check-in": control.check_in,
    }
    if local:
        routes["/v1/reload"] = control.take_up
    listed = [Route(path, Endpoint(handle, control.callers), methods=["POST"]) for path, handle in routes.items()]
    listed.append(Route("/v1/status", Endpoint(control.in_force, control.callers), methods=["GET"]))
    return Starlette(routes=listed, exception_handlers=HANDLED)
