"""People hear once that a limit is near, and once that it is reached."""

from __future__ import annotations

from sqlalchemy import select

from hub import admin
from hub.billing import spending
from hub.store import billing, usage
from hub.store.billing import Account
from hub.store.schema.notices import happenings
from safety_core.canonical import JsonObject
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import parse_json
from safety_core.wire.usage_rows import row_of
from tests.simulators.hub import RunningHub, bucket

ACME = TenantId("acme")


async def test_a_limit_is_told_when_near_and_when_reached(hub: RunningHub) -> None:
    await admin.add_tenant(hub.context, ACME)
    await set_up(hub, Account(ACME, most_cost=7_500 * 100))
    for requests in (79, 80, 85, 100, 120):
        async with hub.context.database.write() as connection:
            await usage.merge(connection, ACME, [row_of(bucket(requests, requests))])
        await spending.look(hub.context)
        await spending.look(hub.context)
    assert [told["subject"] for told in await told_of(hub)] == ["2027-01-01 cost 80%", "2027-01-01 cost 100%"]
    assert "0.0006 of 0.0008 US$" in str((await told_of(hub))[0]["reason"])


async def test_without_a_limit_nothing_is_told(hub: RunningHub) -> None:
    await admin.add_tenant(hub.context, ACME)
    await set_up(hub, Account(ACME))
    async with hub.context.database.write() as connection:
        await usage.merge(connection, ACME, [row_of(bucket(1, 10**6))])
    await spending.look(hub.context)
    assert await told_of(hub) == []


async def set_up(hub: RunningHub, account: Account) -> None:
    async with hub.context.database.write() as connection:
        await billing.put_account(connection, account)


async def told_of(hub: RunningHub) -> list[JsonObject]:
    async with hub.context.database.read() as connection:
        rows = await connection.execute(select(happenings.c.body).order_by(happenings.c.at, happenings.c.subject))
        told = [parse_json(row.body, "happening") for row in rows]
    return [body for body in told if isinstance(body, dict)]
