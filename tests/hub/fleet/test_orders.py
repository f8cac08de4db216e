"""Orders at the hub: given by people, fetched until settled, settled once, over when stale."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.errors import ConflictError, NotFoundError
from hub.fleet import orders
from hub.store import deeds
from hub.store import orders as stored
from hub.store.deeds import Deed
from safety_core.errors import InputError, RefusedError
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.orders import ORDER_SECONDS, ORDERS, Number, Order, OrderKind, OrderOutcome, OrderResult
from tests.simulators.hub import START, RunningHub, json_of

ACME = TenantId("acme")
DONE = OrderResult(OrderOutcome.DONE, {Number.HALTED: 1})


def deed(hub: RunningHub, tenant: str = "acme") -> Deed:
    return Deed(hub.clock(), "Olga", TenantId(tenant), "order", "", "127.0.0.1")


async def give(hub: RunningHub, kind: OrderKind = OrderKind.PULL, **given: Any) -> Order:
    return await orders.give(hub.context, kind, deed(hub), **given)


async def newest(hub: RunningHub) -> list[tuple[str, OrderOutcome | None]]:
    async with hub.context.database.read() as connection:
        return [(item.order.id, item.outcome) for item in await stored.newest(connection, ACME)]


async def test_an_order_is_fetched_until_its_result_came_and_the_first_result_stays(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    halt = await give(hub, OrderKind.HALT, agent="main", reason="it buys too much")
    hub.clock.now += 1
    pull = await give(hub)
    assert halt.reason == "Olga: it buys too much"
    assert [await edge.orders() for _ in range(2)] == [(halt, pull)] * 2
    await edge.push_order_result(halt.id, DONE)
    await edge.push_order_result(halt.id, OrderResult(OrderOutcome.FAILED))
    assert await edge.orders() == (pull,)
    assert await newest(hub) == [(pull.id, None), (halt.id, OrderOutcome.DONE)]
    async with hub.context.database.read() as connection:
        found = await stored.find(connection, ACME, halt.id)
        assert [(one.person, one.deed) for _, one in await deeds.found(connection, [ACME])] == [("Olga", "order")] * 2
    assert found is not None
    assert (found.person, found.settled, found.numbers) == ("Olga", START + 1, {Number.HALTED: 1})


async def test_a_name_or_reason_of_strange_characters_keeps_no_order_from_the_edge(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    await give(small_hub, OrderKind.HALT, agent="\u202emain\x1b[2J" + "x" * 200, reason="\x00\u2028" * 300)
    small_hub.clock.now += 1
    await give(small_hub, OrderKind.HALT, agent="*")
    strange, every = await edge.orders()
    assert strange.agent == "main [2J" + "x" * 55
    assert every.agent == "*"
    assert strange.reason.isprintable()


async def test_of_many_results_at_once_one_counts(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    order = await give(hub)
    outcomes = [OrderOutcome.DONE, OrderOutcome.FAILED] * 5
    await asyncio.gather(*(edge.push_order_result(order.id, OrderResult(outcome)) for outcome in outcomes))
    async with hub.context.database.read() as connection:
        rows = await stored.newest(connection, ACME)
    assert len(rows) == 1
    assert rows[0].outcome in set(outcomes)


async def test_orders_of_others_are_not_there(hub: RunningHub) -> None:
    await hub.edge("acme")
    stranger = await hub.edge("globex")
    order = await give(hub)
    assert await stranger.orders() == ()
    with pytest.raises(RefusedError, match="is not there"):
        await stranger.push_order_result(order.id, DONE)
    assert await newest(hub) == [(order.id, None)]


async def test_what_nobody_did_in_time_is_over(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    order = await give(hub)
    hub.clock.now += ORDER_SECONDS + 1
    assert await edge.orders() == ()
    await orders.expire(hub.context)
    assert await newest(hub) == [(order.id, OrderOutcome.EXPIRED)]
    await edge.push_order_result(order.id, DONE)
    assert await newest(hub) == [(order.id, OrderOutcome.EXPIRED)]


async def test_who_is_halted_from_here_is_the_last_word_that_the_edge_carried_out(hub: RunningHub) -> None:
    edge = await hub.edge("acme")

    async def halted(before: float = START + 1000) -> set[str]:
        async with hub.context.database.read() as connection:
            return {str(agent) for agent in await stored.halted(connection, ACME, before)}

    async def done(kind: OrderKind, agent: str, outcome: OrderOutcome = OrderOutcome.DONE) -> None:
        hub.clock.now += 1
        order = await give(hub, kind, agent=agent)
        await edge.push_order_result(order.id, OrderResult(outcome))

    await done(OrderKind.HALT, "Main")
    await done(OrderKind.HALT, "*")
    await done(OrderKind.HALT, "other", OrderOutcome.FAILED)
    assert await halted() == {"main", "*"}
    assert await halted(START + 2) == {"main"}
    await done(OrderKind.RESUME, "main", OrderOutcome.UNCHANGED)
    assert await halted() == {"*"}
    await give(hub, OrderKind.RESUME, agent="*")
    assert await halted() == {"*"}, "the edge has not done it yet"


@pytest.mark.parametrize(
    ("kind", "agent"),
    [(OrderKind.HALT, ""), (OrderKind.HALT, " \u200b\n"), (OrderKind.RESUME, ""), (OrderKind.PULL, "main")],
)
async def test_a_switch_names_an_agent_and_nothing_else_does(
    small_hub: RunningHub, kind: OrderKind, agent: str
) -> None:
    await small_hub.edge("acme")
    with pytest.raises(InputError, match="must be named"):
        await give(small_hub, kind, agent=agent)


async def test_too_many_that_wait_and_tenants_that_are_not_there_are_refused(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    with pytest.raises(NotFoundError):
        await orders.give(small_hub.context, OrderKind.PULL, deed(small_hub, "nobody"))
    for _ in range(ORDERS):
        await give(small_hub)
    with pytest.raises(ConflictError, match="that wait"):
        await give(small_hub)


async def test_an_approver_gives_orders_to_their_own_tenant_alone(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    await small_hub.edge("globex")
    olga, publisher = await small_hub.approver("acme"), await small_hub.publisher("acme")
    body = {"kind": "halt", "agent": "*", "reason": "stop"}
    assert (await olga.post("/v1/tenants/globex/orders", json=body)).status_code == 404
    assert (await publisher.post("/v1/tenants/acme/orders", json=body)).status_code == 401
    assert (await olga.post("/v1/tenants/acme/orders", json={"kind": "dance"})).status_code == 400
    assert (await olga.post("/v1/tenants/acme/orders", json={**body, "more": 1})).status_code == 400
    answer = await olga.post("/v1/tenants/acme/orders", json=body)
    assert answer.status_code == 201
    (order,) = await edge.orders()
    assert (order.id, order.kind, order.agent) == (json_of(answer)["id"], OrderKind.HALT, AgentId("*"))
    await edge.push_order_result(order.id, DONE)
    (item,) = json_of(await olga.get("/v1/tenants/acme/orders"))["items"]
    assert (item["outcome"], item["numbers"], item["person"]) == ("done", {"halted": 1}, "Olga")
    assert (await olga.get("/v1/tenants/globex/orders")).status_code == 404
