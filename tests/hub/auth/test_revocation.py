"""A key that was taken back counts nowhere, is missed nowhere, and gives itself away."""

from __future__ import annotations

import asyncio

import pytest
from nacl.signing import SigningKey

from hub import admin
from hub.alerts import Kind
from hub.auth import revocation
from hub.bus import Topic
from hub.errors import NotFoundError
from hub.store import alerts
from hub.store.deeds import Deed
from safety_core.edge.hub import HubClient
from safety_core.errors import RefusedError
from safety_core.model.tool_call import TenantId
from safety_core.wire.fleet import Heartbeat
from safety_core.wire.orders import OrderOutcome, OrderResult
from tests.simulators.hub import START, RunningHub, bucket, question

ACME = TenantId("acme")
OLD, NEW = SigningKey(b"\x07" * 32), SigningKey(b"\x08" * 32)


async def revoke(hub: RunningHub) -> None:
    await revocation.revoke(hub.context, Deed(hub.clock(), "Olga", ACME, "revoke"))


async def refused_everywhere(edge: HubClient) -> None:
    for attempt in (
        edge.heartbeat(Heartbeat({})),
        edge.orders(),
        edge.push_order_result("ab" * 16, OrderResult(OrderOutcome.DONE)),
        edge.push_approval(question()),
        edge.push_usage([bucket(1, 1)]),
        edge.decisions(0),
        edge.fetch("timestamp.json"),
        edge.checkpoints(),
    ):
        with pytest.raises(RefusedError, match="not signed by the tenant's registered key"):
            await attempt


async def test_a_key_that_was_taken_back_is_refused_everywhere_and_told_once(hub: RunningHub) -> None:
    edge = await hub.edge("acme", OLD)
    await edge.heartbeat(Heartbeat({}))
    with hub.context.bus.listen([ACME], [Topic.KEY]) as ear:
        await revoke(hub)
        assert await asyncio.wait_for(ear.heard(), 60) == {(ACME, Topic.KEY)}
    await refused_everywhere(edge)
    async with hub.context.database.read() as connection:
        (alert,) = await alerts.open_of(connection, ACME)
    assert (alert.kind, alert.subject) == (Kind.KEY, OLD.verify_key.encode().hex()[:16])
    with pytest.raises(NotFoundError):
        await revoke(hub)


async def test_an_open_stream_of_events_ends_with_its_key(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme", OLD)
    up = asyncio.Event()
    listening = asyncio.create_task(edge.listen(lambda _topic: up.set()))
    await up.wait()
    assert not listening.done()
    await revoke(small_hub)
    await asyncio.gather(listening, return_exceptions=True)
    with pytest.raises(RefusedError):
        await edge.listen(lambda _topic: None)


async def test_a_fresh_key_is_enrolled_with_a_new_token_and_the_old_one_never_again(hub: RunningHub) -> None:
    unused = await admin.add_tenant(hub.context, "acme")
    edge, fresh = hub.client("acme", OLD), hub.client("acme", NEW)
    await edge.register(unused)
    left = await admin.add_tenant(hub.context, "acme")
    await revoke(hub)
    for token in (unused, left):
        with pytest.raises(RefusedError):
            await fresh.register(token)
    token = await admin.add_tenant(hub.context, "acme")
    with pytest.raises(RefusedError, match="registers a key that was taken back"):
        await edge.register(token)
    await fresh.register(token)
    await fresh.heartbeat(Heartbeat({}))
    await refused_everywhere(edge)


async def test_a_key_that_another_one_replaced_counts_no_longer(hub: RunningHub) -> None:
    edge = await hub.edge("acme", OLD)
    fresh = hub.client("acme", NEW)
    await fresh.register(await admin.add_tenant(hub.context, "acme"))
    await refused_everywhere(edge)
    async with hub.context.database.read() as connection:
        assert [alert.kind for alert in await alerts.open_of(connection, ACME)] == [Kind.KEY]


async def test_a_key_that_never_was_the_tenants_is_no_alert(small_hub: RunningHub) -> None:
    await small_hub.edge("acme", OLD)
    await refused_everywhere(small_hub.client("acme", NEW))
    await refused_everywhere(small_hub.client("nobody", NEW))
    async with small_hub.context.database.read() as connection:
        assert await alerts.all_open(connection) == ()
    assert small_hub.clock.now == START
