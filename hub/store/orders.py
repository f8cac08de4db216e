"""Orders to edges. One is open until its result came or its time is over; nothing of it is ever changed but that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.orders import orders
from safety_core.canonical import canonical_bytes
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.orders import ORDERS, Number, Order, OrderKind, OrderOutcome, OrderResult, order_result_from_json
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """One order, who gave it, and what came of it.

    Attributes:
        made, settled: seconds since the epoch; `settled` is None while it is open.
        outcome: None while it is open.
    """

    tenant: TenantId
    order: Order
    person: str
    made: float
    settled: float | None = None
    outcome: OrderOutcome | None = None
    numbers: Mapping[Number, int] = field(default_factory=lambda: MappingProxyType({}))


async def add(connection: AsyncConnection, stored: StoredOrder) -> None:
    """Store a new order."""
    order = stored.order
    await connection.execute(
        insert_into(connection, orders).values(
            tenant=stored.tenant,
            id=order.id,
            kind="" if order.kind is None else order.kind.value,
            agent=order.agent,
            reason=order.reason,
            person=stored.person,
            made=stored.made,
            expires=order.expires,
        )
    )


async def open_of(connection: AsyncConnection, tenant: TenantId, now: float) -> tuple[Order, ...]:
    """Return the orders that the tenant's edge has to do yet, the oldest first."""
    waiting = (orders.c.tenant == tenant) & orders.c.settled.is_(None) & (orders.c.expires >= now)
    query = select(orders).where(waiting).order_by(orders.c.made, orders.c.id).limit(ORDERS)
    return tuple([_stored(row).order for row in await connection.execute(query)])


async def settle(
    connection: AsyncConnection, tenant: TenantId, order: str, result: OrderResult, now: float
) -> StoredOrder | None:
    """Store what came of an order; None where it is settled already. The first result stays."""
    this = (orders.c.tenant == tenant) & (orders.c.id == order) & orders.c.settled.is_(None)
    numbers = canonical_bytes(result.to_json())
    statement = update(orders).where(this).values(settled=now, outcome=result.outcome.value, numbers=numbers)
    row = (await connection.execute(statement.returning(orders))).first()
    return None if row is None else _stored(row)


async def find(connection: AsyncConnection, tenant: TenantId, order: str) -> StoredOrder | None:
    """Return the tenant's order with this id."""
    query = select(orders).where((orders.c.tenant == tenant) & (orders.c.id == order))
    row = (await connection.execute(query)).first()
    return None if row is None else _stored(row)


async def expire(connection: AsyncConnection, now: float) -> tuple[StoredOrder, ...]:
    """Settle what nobody did in time, and return it."""
    late = orders.c.settled.is_(None) & (orders.c.expires < now)
    statement = update(orders).where(late).values(settled=now, outcome=OrderOutcome.EXPIRED.value)
    return tuple([_stored(row) for row in await connection.execute(statement.returning(orders))])


async def newest(connection: AsyncConnection, tenant: TenantId, limit: int = 20) -> tuple[StoredOrder, ...]:
    """Return the tenant's last orders, the newest first."""
    query = select(orders).where(orders.c.tenant == tenant).order_by(orders.c.made.desc(), orders.c.id)
    return tuple([_stored(row) for row in await connection.execute(query.limit(limit))])


async def halted(connection: AsyncConnection, tenant: TenantId, before: float) -> frozenset[AgentId]:
    """Return for whom ("*": all) the last order that the edge carried out was to halt, if it did before this time."""
    kinds = [OrderKind.HALT.value, OrderKind.RESUME.value]
    outcomes = [OrderOutcome.DONE.value, OrderOutcome.UNCHANGED.value]
    mine = (orders.c.tenant == tenant) & orders.c.kind.in_(kinds) & orders.c.outcome.in_(outcomes)
    query = select(orders.c.agent, orders.c.kind, orders.c.settled).where(mine).order_by(orders.c.made, orders.c.id)
    last = {AgentId(row.agent.strip().lower()): row for row in await connection.execute(query)}
    halts = (agent for agent, row in last.items() if row.kind == OrderKind.HALT.value and row.settled < before)
    return frozenset(halts)


def _stored(row: Row[tuple[object, ...]]) -> StoredOrder:
    kind = next((kind for kind in OrderKind if kind.value == row.kind), None)
    order = Order(row.id, kind, AgentId(row.agent), row.reason, row.expires)
    outcome = None if row.outcome is None else OrderOutcome(row.outcome)
    numbers: Mapping[Number, int] = {}
    if row.numbers is not None:
        numbers = order_result_from_json(Reader.parse(row.numbers, "stored result")).numbers
    return StoredOrder(TenantId(row.tenant), order, row.person, row.made, row.settled, outcome, numbers)
