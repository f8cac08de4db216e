"""What the hub asks of edges: given by people, fetched by the edge, done once, settled by its result.

GET  /v1/orders               what the edge has to do yet
POST /v1/orders/{id}/result   what came of one
POST /v1/tenants/{tenant}/orders, GET the same    an approver's token gives and looks at orders
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub import happenings
from hub.auth.bodies import body_of
from hub.auth.callers import bearer, edge_call
from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.store import deeds, orders, tenants
from hub.store.deeds import Deed
from hub.store.orders import StoredOrder
from hub.store.tokens import Token, TokenKind
from safety_core.canonical import Json, JsonObject
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


async def order(request: Request, context: Context) -> Response:
    """Give an order with an approver's token: {"kind", "agent"?, "reason"?}."""
    token = await _approver(request, context)
    body = Reader.parse(await body_of(request), "order")
    word, agent, reason = body.text("kind", limit=32), body.text("agent", ""), body.text("reason", "")
    body.done()
    kind = next((kind for kind in OrderKind if kind.value == word), None)
    if kind is None:
        raise InputError("order.kind", f"must be one of {', '.join(OrderKind)}")
    address = request.client.host if request.client else ""
    deed = Deed(context.clock(), token.name, token.tenant, f"order {kind}", agent, address)
    given = await give(context, kind, deed, agent=agent, reason=reason)
    return JSONResponse({"id": given.id, "expires": given.expires}, 201)


async def listed(request: Request, context: Context) -> Response:
    """Return a tenant's last orders and what came of them."""
    token = await _approver(request, context)
    async with context.database.read() as connection:
        found = await orders.newest(connection, token.tenant)
    return JSONResponse({"items": [_as_json(stored) for stored in found]})


async def _approver(request: Request, context: Context) -> Token:
    token = await bearer(request, context, TokenKind.APPROVER)
    if token.tenant != request.path_params["tenant"]:
        raise NotFoundError("tenant", "is not there")
    return token


def _as_json(stored: StoredOrder) -> JsonObject:
    numbers: dict[str, Json] = {number.value: count for number, count in stored.numbers.items()}
    outcome = None if stored.outcome is None else stored.outcome.value
    told: JsonObject = {"person": stored.person, "made": stored.made, "settled": stored.settled, "outcome": outcome}
    return {**stored.order.to_json(), **told, "numbers": numbers}


async def give(context: Context, kind: OrderKind, deed: Deed, *, agent: str = "", reason: str = "") -> Order:
    """Give an order to `deed.tenant`'s edge, in the name of `deed.person`. Returns it.

    Raises:
        NotFoundError: there is no such tenant.
        InputError: a switch that names no agent, or an agent beside what is no switch.
        ConflictError: too many orders wait there already.
    """
    name = plain(agent, AGENT_LIMIT).strip()
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
    await happenings.happened(
        connection, stored.tenant, happenings.Event.ORDER, f"{stored.order.id} {outcome}", body, now
    )
