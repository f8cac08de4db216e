"""An alert is raised once, told once, over when it is over, and says who knows."""

from __future__ import annotations

import asyncio

import pytest
from nacl.signing import SigningKey
from sqlalchemy import func, select

from hub import admin
from hub.alerts import Kind, raise_alert
from hub.fleet import heartbeats
from hub.fleet.concerns import STALE_SECONDS
from hub.store import alerts
from hub.store.alerts import Alert
from hub.store.schema.notices import happenings
from hub.store.schema.orders import hours
from safety_core.model.tool_call import TenantId
from safety_core.wire.activity import Activity, Count, Trouble
from safety_core.wire.fleet import Component, Heartbeat
from safety_core.wire.posture import Check, Posture, Result
from tests.simulators.hub import START, RunningHub

ACME = TenantId("acme")
KEY = SigningKey(b"\x07" * 32)


def posture(*opened: Check) -> Heartbeat:
    return Heartbeat({}, posture=Posture(int(START), 1001, dict.fromkeys(opened, Result.OPEN)))


async def open_alerts(hub: RunningHub) -> list[tuple[str, str]]:
    async with hub.context.database.read() as connection:
        return [(alert.kind, alert.subject) for alert in await alerts.open_of(connection, ACME)]


async def told(hub: RunningHub) -> int:
    async with hub.context.database.read() as connection:
        query = select(func.count()).select_from(happenings).where(happenings.c.kind == "alert")
        return int((await connection.execute(query)).scalar_one())


async def test_a_concern_is_an_alert_once_and_over_when_it_is_over(hub: RunningHub) -> None:
    edge = await hub.edge("acme", KEY)
    for _ in range(3):
        await edge.heartbeat(posture(Check.UDP_443))
    assert await open_alerts(hub) == [(Kind.POSTURE, "udp_443")]
    assert await told(hub) == 1
    await edge.heartbeat(posture(Check.UDP_443, Check.ICMP))
    assert await open_alerts(hub) == [(Kind.POSTURE, "udp_443, icmp")]
    hub.clock.now += 60
    await edge.heartbeat(posture())
    assert await open_alerts(hub) == []
    async with hub.context.database.read() as connection:
        everything = await alerts.newest(connection, ACME)
    assert {alert.cleared for alert in everything} == {START, START + 60}


async def test_what_comes_back_is_open_anew_and_nobody_knows_yet(hub: RunningHub) -> None:
    edge = await hub.edge("acme", KEY)
    await edge.heartbeat(posture(Check.ICMP))
    async with hub.context.database.write() as connection:
        (alert,) = await alerts.all_open(connection)
        assert await alerts.acknowledge(connection, ACME, alert.id, "Olga", START + 5)
        assert not await alerts.acknowledge(connection, ACME, alert.id, "Emil", START + 6)
        assert not await alerts.acknowledge(connection, TenantId("globex"), alert.id, "Emil", START + 6)
    await edge.heartbeat(posture(Check.ICMP))
    async with hub.context.database.read() as connection:
        (alert,) = await alerts.open_of(connection, ACME)
    assert (alert.acknowledged, alert.person) == (START + 5, "Olga")
    await edge.heartbeat(posture())
    hub.clock.now += 100
    await edge.heartbeat(posture(Check.ICMP))
    async with hub.context.database.read() as connection:
        (alert,) = await alerts.open_of(connection, ACME)
    assert (alert.at, alert.acknowledged, alert.person) == (START + 100, None, "")


async def test_of_many_that_raise_the_same_alert_one_tells(hub: RunningHub) -> None:
    await hub.edge("acme", KEY)

    async def raised() -> bool:
        async with hub.context.database.write() as connection:
            return await raise_alert(connection, Alert(ACME, START, Kind.STALE, "", "silent"))

    assert sorted(await asyncio.gather(*(raised() for _ in range(5)))) == [False] * 4 + [True]


async def test_a_silent_edge_is_an_alert_until_it_speaks(hub: RunningHub) -> None:
    edge = await hub.edge("acme", KEY)
    await hub.edge("globex")
    await edge.heartbeat(Heartbeat({}))
    hub.clock.now += STALE_SECONDS
    await heartbeats.look_for_silent(hub.context)
    assert await open_alerts(hub) == []
    hub.clock.now += 1
    for _ in range(2):
        await heartbeats.look_for_silent(hub.context)
    assert await open_alerts(hub) == [(Kind.STALE, "")]
    assert await told(hub) == 1
    await edge.heartbeat(Heartbeat({}))
    assert await open_alerts(hub) == []


async def test_heartbeats_are_counted_by_the_hour_and_by_policy(hub: RunningHub) -> None:
    from hub.store.fleet import hours_of

    edge = await hub.edge("acme", KEY)

    async def beat(policy: str, calls: int, since: float = 1.0, **given: int) -> None:
        counts = {Count.CALLS: calls, Count.DENIED: calls // 10}
        await edge.heartbeat(Heartbeat({}, policy=policy, activity=Activity(since, counts), **given))  # type: ignore[arg-type]
        hub.clock.now += 30

    await beat("r1", 100, pending=3)
    await beat("r1", 150, pending=1)
    await beat("r1", 150)
    await beat("r2", 170)
    await beat("r2", 20, since=2.0)
    hub.clock.now += 3600
    await beat("r2", 25, since=2.0)
    async with hub.context.database.read() as connection:
        told = await hours_of(connection, ACME, START - 3600)
        kept = (await connection.execute(select(hours).order_by(hours.c.first))).all()
    told_by_hour = [(hour.hour, hour.policy, hour.counts[Count.CALLS]) for hour in told]
    assert told_by_hour == [(START, "r1", 150), (START, "r2", 40), (START + 3600, "r2", 5)]
    assert [(row.beats, row.pending) for row in kept] == [(3, 3), (2, 0), (1, 0)]


async def test_what_an_older_hub_passes_over_is_counted_and_said(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme", KEY)
    reply = await edge._post("/v1/heartbeat", {"versions": {}, "sunspots": 3, "trouble": "eclipse"})
    assert reply.integer("passed_over") == 2
    async with small_hub.context.database.read() as connection:
        from hub.store.fleet import last_seen

        (seen,) = await last_seen(connection, ACME)
    assert seen.passed_over == 2
    assert seen.beat is not None
    assert seen.beat.trouble is Trouble.OTHER


async def test_an_admin_sees_open_alerts_alone(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme", KEY)
    await edge.heartbeat(Heartbeat({Component.GATEWAY: "0.0.1"}))
    assert any("old version" in line for line in await admin.describe_tenants(small_hub.context))
    await edge.heartbeat(Heartbeat({}))
    assert not any("old version" in line for line in await admin.describe_tenants(small_hub.context))


@pytest.mark.parametrize("trouble", [Trouble.TAMPERED, Trouble.POLICY])
async def test_a_refused_policy_is_told(small_hub: RunningHub, trouble: Trouble) -> None:
    edge = await small_hub.edge("acme", KEY)
    await edge.heartbeat(Heartbeat({}, policy="r1", policy_version=1, trouble=trouble))
    assert await open_alerts(small_hub) == [(Kind.POLICY, trouble.value)]
