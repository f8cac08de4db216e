"""However often and in whatever order usage arrives, the totals are those of the newest report."""

from __future__ import annotations

import asyncio
import random

from hub.store import usage
from safety_core.model.tool_call import TenantId
from safety_core.model.usage import UsageBucket
from tests.simulators.hub import START, RunningHub, bucket, json_of

START_HOUR = int(START) // 3600 * 3600


async def stored(hub: RunningHub, tenant: str = "acme") -> tuple[UsageBucket, ...]:
    async with hub.context.database.read() as connection:
        return await usage.listed(connection, TenantId(tenant))


async def test_the_same_report_twice_changes_nothing(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    rows = [bucket(3, 7), bucket(1, 1, model="m2")]
    for _ in range(3):
        await edge.push_usage(rows)
    assert await stored(hub) == tuple(rows)


async def test_reports_in_any_order_end_at_the_newest(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    reports = [bucket(sequence, sequence * 2) for sequence in range(1, 9)]
    shuffled = random.Random(7).sample(reports * 2, len(reports) * 2)
    await asyncio.gather(*(edge.push_usage([report]) for report in shuffled))
    assert await stored(hub) == (reports[-1],)


async def test_totals_never_fall_whatever_a_newer_report_says(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    await edge.push_usage([bucket(5, 50)])
    await edge.push_usage([bucket(6, 1)])
    (row,) = await stored(hub)
    assert (row.sequence, row.requests, row.totals) == (6, 50, bucket(5, 50).totals)
    assert (row.cost, row.unpriced) == (50 * 7_500, 25)


async def test_each_tenant_has_its_own_totals(hub: RunningHub) -> None:
    acme, globex = await hub.edge("acme"), await hub.edge("globex")
    await acme.push_usage([bucket(1, 1)])
    await globex.push_usage([bucket(9, 9)])
    await acme.push_usage([])
    assert await stored(hub) == (bucket(1, 1),)
    assert await stored(hub, "globex") == (bucket(9, 9),)


async def test_more_than_one_message_holds_is_sent_in_several(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    rows = [bucket(1, 1, model=f"m{index:04}") for index in range(1100)]
    await edge.push_usage(rows)
    assert len(await stored(hub)) == 1100


async def test_an_owner_reads_their_own_totals_of_the_last_month_or_more(small_hub: RunningHub) -> None:
    acme, globex = await small_hub.edge("acme"), await small_hub.edge("globex")
    old, new = bucket(1, 1, hour=START_HOUR - 32 * 24 * 3600), bucket(1, 2, hour=START_HOUR)
    await acme.push_usage([old, new])
    await globex.push_usage([bucket(9, 9)])
    olga = await small_hub.approver("acme")
    assert json_of(await olga.get("/v1/usage")) == {"buckets": [new.to_json()]}
    assert json_of(await olga.get("/v1/usage?since=0")) == {"buckets": [old.to_json(), new.to_json()]}
    assert (await olga.get("/v1/usage?since=ever")).status_code == 400
    assert (await small_hub.http().get("/v1/usage")).status_code == 401


async def test_a_bucket_that_comes_twice_in_one_message_counts_as_if_in_two(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    await edge.push_usage([bucket(2, 20), bucket(1, 1, model="m2"), bucket(5, 50), bucket(3, 90)])
    (first, second) = await stored(hub)
    assert (first.sequence, first.requests, second.requests) == (5, 50, 1)
