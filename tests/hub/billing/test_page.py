"""The usage page: only one's own tenants, hostile names stay text, CSV that a spreadsheet does not run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from hub.store import billing, usage
from hub.store.billing import Account, Meter, MeterEvent
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.usage_rows import row_of
from tests.simulators.hub import START, RunningHub, bucket
from tests.simulators.visitors import Visitor, visitor

ACME = TenantId("acme")
HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>'


@pytest.fixture
async def admin_visitor(hub: RunningHub) -> Visitor:
    person = await visitor(hub, "Ada", ("admin", "acme"))
    async with hub.context.database.write() as connection:
        told = [bucket(1, 3), replace(bucket(2, 5, model="m2"), agent=AgentId(HOSTILE))]
        await usage.merge(connection, ACME, [row_of(entry) for entry in told])
    return person


async def test_a_period_is_shown_and_hostile_names_stay_text(admin_visitor: Visitor) -> None:
    page = await admin_visitor.get("/usage")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "=HYPERLINK" in page.text
    assert "openai / m1" in page.text
    empty = await admin_visitor.get("/usage?period=2026-12-01")
    assert "No model was used." in empty.text
    assert (await admin_visitor.get("/usage?period=2026-12-02")).status_code == 400


async def test_csv_adds_up_and_runs_nothing(admin_visitor: Visitor) -> None:
    answer = await admin_visitor.get("/usage.csv?tenant=acme")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["requests"] for row in rows] == ["5", "3"]  # by hour, then by agent
    assert {row["cost_usd"] for row in rows} == {"0.000022500", "0.000037500"}
    assert "'" + HOSTILE in {row["agent"] for row in rows}


async def test_other_tenants_are_not_there(hub: RunningHub, admin_visitor: Visitor) -> None:
    await visitor(hub, "Bea", ("owner", "globex"))
    for path in ("/usage?tenant=globex", "/usage.csv?tenant=globex"):
        assert (await admin_visitor.get(path)).status_code == 404
    assert (await admin_visitor.post("/usage/account", tenant="globex", anchor="3")).status_code == 404


async def test_an_admin_sets_how_a_tenant_is_billed_and_nobody_else(hub: RunningHub, admin_visitor: Visitor) -> None:
    fields = {"tenant": "acme", "anchor": "15", "most_dollars": "20", "most_tokens": "", "customer": "cus_invented"}
    assert (await admin_visitor.post("/usage/account", **fields)).headers["location"] == "/usage?tenant=acme"
    async with hub.context.database.read() as connection:
        assert await billing.account_of(connection, ACME) == Account(ACME, 15, "cus_invented", 20 * 10**9, 0)
    for wrong in ({"anchor": "29"}, {"anchor": "x"}, {"customer": "cus_<b>"}, {"most_dollars": "-1"}):
        assert (await admin_visitor.post("/usage/account", **{**fields, **wrong})).status_code == 400
    owner = await visitor(hub, "Olga", ("owner", "acme"))
    assert (await owner.post("/usage/account", **fields)).status_code == 403
    assert "Warn at" not in (await owner.get("/usage")).text


async def test_what_is_unsure_is_settled_by_a_person_once(hub: RunningHub, admin_visitor: Visitor) -> None:
    hour = int(START) // 3600 * 3600
    lost = MeterEvent("a" * 64, ACME, Meter.COST, hour, 9, "cus_invented", START, "unsure", reason="no answer")
    async with hub.context.database.write() as connection:
        await billing.put_events(connection, [(lost, 9)])
    assert "It has arrived" in (await admin_visitor.get("/usage")).text
    fields = {"tenant": "acme", "identifier": lost.identifier, "arrived": "no"}
    assert (await admin_visitor.post("/usage/event", **fields)).status_code == 303
    assert (await admin_visitor.post("/usage/event", **fields)).status_code == 404
    async with hub.context.database.read() as connection:
        assert [event.state for event in await billing.events_of(connection, ACME, 0, 2**40)] == ["due"]
