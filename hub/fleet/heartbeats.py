"""Heartbeats: what an edge says of itself, kept, counted by the hour, and looked through for what needs a person."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub import alerts
from hub.alerts import Kind
from hub.auth.callers import EdgeCall, edge_call
from hub.bus import Topic
from hub.context import Context
from hub.fleet import witness
from hub.fleet.concerns import concerns, silent
from hub.store import fleet, orders, running
from hub.store.alerts import Alert
from safety_core.wire.activity import Count, Trouble
from safety_core.wire.fleet import Heartbeat, HeartbeatReply, heartbeat_from_json
from safety_core.wire.reader import Reader

VERSION: Final = version("safety-gateway")

CALM_SECONDS: Final = 120.0
"""How long an edge may take until its heartbeats say what an order has changed."""

_OF_NO_POLICY: Final = frozenset({Trouble.NONE, Trouble.MISSING, Trouble.UNAVAILABLE, Trouble.EXPIRED})
"""Troubles that say nothing against the newest policy."""


async def receive(request: Request, context: Context) -> Response:
    """Store what an edge reports; answer the time, and what its audit log looks like from here."""
    call = await edge_call(request, context)
    beat = heartbeat_from_json(Reader.parse(call.body, "heartbeat"))
    checkpoint = witness.checkpoint_in(beat.audit, call) if beat.audit else None
    now = context.clock()
    async with context.database.write() as connection:
        new = await _taken_in(connection, call, beat, now)
        reply = HeartbeatReply(now, passed_over=beat.passed_over)
        if checkpoint is not None:
            told = await witness.witness(connection, call, beat, checkpoint, context, now)
            reply = HeartbeatReply(now, told.proven, told.cosignature, told.contradiction, beat.passed_over)
    if new:
        context.bus.ring(call.tenant, Topic.INBOX)
    return JSONResponse(reply.to_json())


async def _taken_in(connection: AsyncConnection, call: EdgeCall, beat: Heartbeat, now: float) -> bool:
    """Store a heartbeat; tell whether people may see something new."""
    before = await fleet.before(connection, call.tenant)
    await fleet.put_heartbeat(connection, call.tenant, beat, now)
    added = {} if beat.activity is None else beat.activity.after(before.activity)
    await fleet.count(connection, call.tenant, beat, added, now)
    tally = running.Tally(
        added.get(Count.CALLS, 0),
        added.get(Count.DENIED, 0),
        added.get(Count.FAILED, 0),
        troubled=beat.trouble not in _OF_NO_POLICY,
    )
    await running.note(connection, running.Running(call.tenant, beat.policy, beat.policy_version, now), tally)
    halted = await orders.halted(connection, call.tenant, now - CALM_SECONDS) if before.switches else ()
    found = concerns(beat, now, newest=VERSION, wanted=halted)
    if not before.alerts and not any(found.values()):
        return False
    return await alerts.keep(connection, call.tenant, found, now)


async def forget(context: Context) -> None:
    """Let go of hours that nobody compares any more; the clerk's work."""
    async with context.database.write() as connection:
        await fleet.forget(connection, context.clock())


async def look_for_silent(context: Context) -> None:
    """Raise an alert for each edge that has not been heard of for too long; the clerk's work.

    It is over with the edge's next heartbeat.
    """
    now = context.clock()
    async with context.database.read() as connection:
        late = [(tenant, concern) for tenant, at in await fleet.heard(connection) if (concern := silent(at, now))]
    for tenant, concern in late:
        async with context.database.write() as connection:
            await alerts.raise_alert(connection, Alert(tenant, now, Kind.STALE, concern.subject, concern.reason))
