"""The control listener: what the plugin and the command line ask the edge, over JSON.

`ROUTES` lists them; docs/wire.md says what each takes and answers; `safety_core.wire` reads the bodies.

Nothing is executed on an error; an error is one object (`safety_core.wire.errors`), never a traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from proxy.caller import Caller, Callers
from proxy.calls.call import Calls
from proxy.calls.desk import Desk
from proxy.control.agents import agents_json
from proxy.control.answers import decision_json, run_json, sendable_json
from proxy.control.endpoint import HANDLED, Endpoint
from proxy.control.planned import blueprints_json, plan_json
from proxy.control.tools import tools_json
from proxy.guards.turns import Turns
from proxy.watching.looking import Looking
from proxy.watching.metrics import CONTENT_TYPE
from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.flow.answers import Entrusted, Pending
from safety_core.model.tool_call import TenantId
from safety_core.wire import calls as wire
from safety_core.wire import lineage, outbound, presence, turns
from safety_core.wire.decisions import button_from, poll_from
from safety_core.wire.executions import execution_id_from, execution_to_json, settled_from
from safety_core.wire.halts import halt_from
from safety_core.wire.plans import plan_end_from, plan_from
from safety_core.wire.posture import posture_from


@dataclass(frozen=True, slots=True)
class Control:
    """What the routes speak to.

    Attributes:
        status: returns the body of GET /v1/status.
        looking: what people see of the traffic.
        reload: takes up what changed on disk and at the hub, and returns what is in force.
    """

    tenant: TenantId
    calls: Calls
    desk: Desk
    callers: Callers
    turns: Turns
    looking: Looking
    status: Callable[[], Awaitable[JsonObject]]
    reload: Callable[[], Awaitable[JsonObject]]

    async def decide(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say whether the call may run; the caller runs it."""
        proposal = wire.proposal_from(raw, self.tenant)
        answer = await self.calls.decide(proposal, caller)
        channel = isinstance(answer, Pending) and self.desk.lets_channel(answer.request)
        ticket = self.calls.ticket(answer) if isinstance(answer, Entrusted) else ""
        return decision_json(answer, ticket=ticket, channel=channel)

    async def redeem(self, raw: bytes, caller: Caller) -> JsonObject:
        """Run what a ticket stands for."""
        return run_json(await self.calls.redeem(wire.ticket_from(raw), caller))

    async def run(self, raw: bytes, caller: Caller) -> JsonObject:
        """Run the call if it may."""
        proposal = wire.proposal_from(raw, self.tenant)
        return run_json(await self.calls.run(proposal, caller))

    async def executions(self, raw: bytes, caller: Caller) -> JsonObject:
        """Tell what was carried out lately."""
        found = await self.calls.services.journal.latest(EXECUTIONS)
        return {"executions": [execution_to_json(execution) for execution in found]}

    async def execution(self, raw: bytes, caller: Caller) -> JsonObject:
        """Tell one execution, however long ago it was."""
        found = await self.calls.services.journal.get(execution_id_from(raw))
        return {"executions": [execution_to_json(found)] if found else []}

    async def plan(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say what becomes of several calls, before they are made."""
        return plan_json(await self.calls.plan(plan_from(raw, self.tenant), caller))

    async def plan_end(self, raw: bytes, caller: Caller) -> JsonObject:
        """Forget what is left of a session's approved plans."""
        await self.calls.plan_over(*plan_end_from(raw))
        return {"ok": True}

    async def blueprints(self, raw: bytes, caller: Caller) -> JsonObject:
        """Tell the workflows that the policy in force holds."""
        return blueprints_json(self.calls.in_force.current(clock.now()).policy)

    async def settle(self, raw: bytes, caller: Caller) -> JsonObject:
        """Write down what a person found out about an execution that was cut off."""
        name, done = settled_from(raw)
        await self.calls.settle(name, done=done)
        return {"ok": True}

    async def result(self, raw: bytes, caller: Caller) -> JsonObject:
        """Redact and record what came of a call that the caller ran."""
        clean, findings = await self.calls.report(wire.report_from(raw, self.tenant))
        return {"result": clean, "findings": findings}

    async def ended(self, raw: bytes, caller: Caller) -> JsonObject:
        """Record that a call which the caller ran is over."""
        await self.calls.ended(wire.ended_from(raw, self.tenant))
        return {"ok": True}

    async def outbound(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say what may be said to somebody."""
        return sendable_json(await self.calls.send(outbound.outbound_from(raw), self.tenant, caller))

    async def inbound(self, raw: bytes, caller: Caller) -> JsonObject:
        """Note who wrote."""
        await self.calls.heard(outbound.inbound_from(raw))
        return {"ok": True}

    async def secrets(self, raw: bytes, caller: Caller) -> JsonObject:
        """Name the secrets that an agent may use."""
        return {"names": [*await self.calls.secret_names(wire.agent_from(raw))]}

    async def tools(self, raw: bytes, caller: Caller) -> JsonObject:
        """Tell what an agent can do with connected services."""
        policy = self.calls.in_force.current(clock.now()).policy
        return tools_json(policy, wire.agent_from(raw), self.calls.connections)

    async def needles(self, raw: bytes, caller: Caller) -> JsonObject:
        """Hand out what finds secrets and tells none. The same for every agent."""
        return await self.calls.services.secrets.needles()

    async def redact(self, raw: bytes, caller: Caller) -> JsonObject:
        """Redact any value."""
        clean, findings = await self.calls.redact(wire.value_from(raw))
        return {"value": clean, "findings": findings}

    async def check_in(self, raw: bytes, caller: Caller) -> JsonObject:
        """Count a plugin as there."""
        return await self.turns.check_in(presence.check_in_from(raw))

    async def check_out(self, raw: bytes, caller: Caller) -> JsonObject:
        """Count a plugin no longer."""
        return self.turns.check_out(presence.check_out_from(raw))

    async def turn(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say whether a turn may begin, and note its trace."""
        return await self.turns.turn(turns.turn_from(raw))

    async def usage_seen(self, raw: bytes, caller: Caller) -> JsonObject:
        """Hold what a host counted against what the egress did."""
        return await self.turns.usage_seen(turns.usage_seen_from(raw))

    async def halt(self, raw: bytes, caller: Caller) -> JsonObject:
        """Throw the kill switch, or take it back."""
        return await self.turns.halt(halt_from(raw))

    async def spawned(self, raw: bytes, caller: Caller) -> JsonObject:
        """Note that a session has started another."""
        start = lineage.spawned_from(raw)
        self.calls.services.lineage.spawned(start.agent, start.session, start.parent, clock.now())
        return {"ok": True}

    async def unspawned(self, raw: bytes, caller: Caller) -> JsonObject:
        """Note that the run of such a session is over."""
        self.calls.services.lineage.unspawned(lineage.unspawned_from(raw).session)
        return {"ok": True}

    async def posture(self, raw: bytes, caller: Caller) -> JsonObject:
        """Keep what the doctor found, for the status and the next heartbeats."""
        await self.calls.services.posture.put(posture_from(raw))
        return {"ok": True}

    async def agents(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say what policy says of each agent."""
        policy = self.calls.in_force.current(clock.now()).policy
        return agents_json(policy, self.calls.guards.halts)

    async def decided(self, raw: bytes, caller: Caller) -> JsonObject:
        """Tell what people decided."""
        return await self.desk.decided(poll_from(raw), caller)

    async def answer(self, raw: bytes, caller: Caller) -> JsonObject:
        """Take up what a chat channel's button said."""
        return await self.desk.answer(button_from(raw))

    async def top(self, raw: bytes, caller: Caller) -> JsonObject:
        """Tell what is going on now."""
        return await self.looking.top()

    async def usage(self, raw: bytes, caller: Caller) -> JsonObject:
        """Sum up what was consumed."""
        return await self.looking.usage(raw)

    async def metrics(self, raw: bytes, caller: Caller) -> Response:
        """Tell Prometheus what was counted."""
        return Response(await self.looking.metrics(), 200, {"cache-control": "no-store"}, CONTENT_TYPE)

    async def in_force(self, raw: bytes, caller: Caller) -> JsonObject:
        """Say what is in force."""
        return await self.status()

    async def take_up(self, raw: bytes, caller: Caller) -> JsonObject:
        """Take up what changed."""
        return await self.reload()


EXECUTIONS: Final = 200
"""As many as are told, the newest first."""

Answering: TypeAlias = "Callable[[Control, bytes, Caller], Awaitable[JsonObject | Response]]"

ROUTES: Final[tuple[tuple[str, str, Answering], ...]] = (
    ("POST", "/v1/decide", Control.decide),
    ("POST", "/v1/run", Control.run),
    ("GET", "/v1/executions", Control.executions),
    ("POST", "/v1/executions", Control.execution),
    ("POST", "/v1/executions/settle", Control.settle),
    ("POST", "/v1/plan", Control.plan),
    ("POST", "/v1/plan/end", Control.plan_end),
    ("GET", "/v1/blueprints", Control.blueprints),
    ("POST", "/v1/result", Control.result),
    ("POST", "/v1/ended", Control.ended),
    ("POST", "/v1/redeem", Control.redeem),
    ("POST", "/v1/redact", Control.redact),
    ("POST", "/v1/outbound", Control.outbound),
    ("POST", "/v1/inbound", Control.inbound),
    ("POST", "/v1/secrets", Control.secrets),
    ("POST", "/v1/tools", Control.tools),
    ("GET", "/v1/needles", Control.needles),
    ("POST", "/v1/check-in", Control.check_in),
    ("POST", "/v1/check-out", Control.check_out),
    ("POST", "/v1/turn", Control.turn),
    ("POST", "/v1/usage-seen", Control.usage_seen),
    ("POST", "/v1/halt", Control.halt),
    ("POST", "/v1/spawned", Control.spawned),
    ("POST", "/v1/unspawned", Control.unspawned),
    ("POST", "/v1/posture", Control.posture),
    ("GET", "/v1/agents", Control.agents),
    ("POST", "/v1/decided", Control.decided),
    ("POST", "/v1/answer", Control.answer),
    ("POST", "/v1/reload", Control.take_up),
    ("GET", "/v1/status", Control.in_force),
    ("GET", "/v1/top", Control.top),
    ("GET", "/v1/usage", Control.usage),
    ("GET", "/metrics", Control.metrics),
)

LOCAL: Final = frozenset({"/v1/reload", "/v1/halt", "/v1/posture", "/v1/executions", "/v1/executions/settle"})
"""Served on the Unix socket alone, to the edge's own user."""


def control_app(control: Control, *, local: bool) -> Starlette:
    """Return the application. `local`: it is served on the Unix socket."""
    routes = [
        Route(path, Endpoint(partial(handle, control), control.callers), methods=[method])
        for method, path, handle in ROUTES
        if local or path not in LOCAL
    ]
    return Starlette(routes=routes, exception_handlers=HANDLED)
