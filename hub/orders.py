"""What the hub asks of edges: given by people, fetched by the edge, done once, settled by its result.

GET  /v1/orders               what the edge has to do yet
POST /v1/orders/{id}/result   what came of one
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub import notices
from hub.auth import edge_call
from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.store import deeds, orders, tenants
from hub.store.deeds import Deed
from hub.store.orders import StoredOrder
from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId
from safety_core.wire.names import NAME_LIMIT, plain
from safety_core.wire.orders import (
    NO_AGENT,
    ORDER_SECONDS,
    ORDERS,
    SWITCHES,
    Order,
    OrderKind,
    order_result_from_json,
)
from safety_core.wire.reader import Reader

AGENT_LIMIT: Final = 64
"""Characters of an agent's name in an order."""


async def fetch(request: Request, context: Context) -> Response:
    """Tell an edge what it has to do yet."""
    call = await edge_call(request, context)
    async with context.database.read() as connection:
        waiting = await orders.open_of(connection, call.tenant, context.clock())
    return JSONResponse({"items": [order.to_json() for order in waiting]})


async def settle(request: Request, context: Context) -> Response:
    """Take in what came of an order. The same again, or another result of the same order, changes nothing."""
    call = await edge_call(request, context)
    result = order_result_from_json(Reader.parse(call.body, "result"))
    order, now = request.path_params["id"], context.clock()
    async with context.database.write() as connection:
        settled = await orders.settle(connection, call.tenant, order, result, now)
        if settled is None and await orders.find(connection, call.tenant, order) is None:
            raise NotFoundError("order", "is not there")
        if settled is not None:
            await _told(connection, settled, now)
    context.bus.ring(call.tenant, Topic.INBOX)
    return JSONResponse({"ok": True})


async def give(context: Context, kind: OrderKind, deed: Deed, *, agent: str = "", reason: str = "") -> Order:
    """Give an order to `deed.tenant`'s edge, in the name of `deed.person`. Returns it.

    Raises:
        NotFoundError: there is no such tenant.
        InputError: a switch that names no agent, or an agent beside what is no switch.
        ConflictError: too many orders wait there already.
    """
    name = plain(agent.strip(), AGENT_LIMIT)
    if (kind in SWITCHES) is not bool(name):
        raise InputError("agent", "must be named (or * for all) where an order halts or resumes, and only there")
    order = Order(
        clock.new_id(), kind, AgentId(name) if name else NO_AGENT, _reason(deed.person, reason), deed.at + ORDER_SECONDS
    )
    async with context.database.write() as connection:
        if await tenants.find(connection, deed.tenant) is None:
            raise NotFoundError(f"tenant {deed.tenant}", "is not there")
        if len(await orders.open_of(connection, deed.tenant, deed.at)) >= ORDERS:
            raise ConflictError(f"tenant {deed.tenant}", f"has {ORDERS} orders that wait", "is its edge running?")
        stored = StoredOrder(deed.tenant, order, deed.person, deed.at)
        await orders.add(connection, stored)
        await deeds.note(connection, deed)
        await _told(connection, stored, deed.at)
    context.bus.ring(deed.tenant, Topic.ORDERS)
    return order


async def expire(context: Context) -> None:
    """Settle orders that no edge has done in time; the clerk's work."""
    now = context.clock()
    async with context.database.write() as connection:
        for late in await orders.expire(connection, now):
            await _told(connection, late, now)


def _reason(person: str, reason: str) -> str:
    return plain(f"{person}: {reason.strip()}" if reason.strip() else person, NAME_LIMIT)


async def _told(connection: AsyncConnection, stored: StoredOrder, now: float) -> None:
    """Tell webhooks: words and numbers."""
    outcome = "given" if stored.outcome is None else stored.outcome.value
    kind = "" if stored.order.kind is None else stored.order.kind.value
    body: JsonObject = {"order": kind, "agent": stored.order.agent, "outcome": outcome}
    await notices.happened(connection, stored.tenant, notices.Event.ORDER, f"{stored.order.id} {outcome}", body, now)
