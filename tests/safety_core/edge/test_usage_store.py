"""Usage: every response once, totals that only grow, and reports that may be lost or repeated."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.edge import usage_store
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.usage_store import UsageStore
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Booking, Usage
from safety_core.wire.fleet import usage_from_json, usage_to_json
from safety_core.wire.reader import Reader

USAGE = Usage(100, 20, 60, 5, 2, 7)
NOON = 1_800_000_000 - 1_800_000_000 % 3600


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[UsageStore]:
    opened = UsageStore.open(tmp_path / "edge.db")
    yield opened
    await opened.aclose()


def booked(request: str, model: str = "m", usage: Usage = USAGE, cost: int | None = 7) -> Booking:
    return Booking(request, AgentId("shop"), "openai", model, usage, cost)


async def add(store: UsageStore, request: str, now: float = NOON, model: str = "m", usage: Usage = USAGE) -> bool:
    return await store.add(booked(request, model, usage), now)


async def test_a_response_is_counted_once(store: UsageStore) -> None:
    assert await add(store, "r1")
    assert not await add(store, "r1")
    assert not await add(store, "r1", NOON + 9999)
    (bucket,) = await store.unsent()
    assert (bucket.requests, bucket.estimated, bucket.totals) == (1, 0, USAGE)


async def test_what_each_agent_has_spent_since_an_hour(store: UsageStore) -> None:
    assert await store.spent(NOON) == {}
    await add(store, "r1", NOON - 1)
    await add(store, "r2", NOON)
    await add(store, "r3", NOON + 7200, "other")
    await store.add(replace(booked("r4"), agent=AgentId("night")), NOON)
    assert await store.spent(NOON) == {"shop": (240, 14), "night": (120, 7)}
    assert await store.spent(NOON - 3600) == {"shop": (360, 21), "night": (120, 7)}


async def test_totals_add_up_by_hour_agent_provider_and_model(store: UsageStore) -> None:
    await add(store, "r1", NOON)
    await add(store, "r2", NOON + 3599.9, usage=replace(USAGE, estimated=True))
    await add(store, "r3", NOON + 3600)
    await add(store, "r4", NOON, "other")
    found = {(item.hour - NOON, item.model): item for item in await store.unsent()}
    assert set(found) == {(0, "m"), (0, "other"), (3600, "m")}
    both = found[(0, "m")]
    assert (both.requests, both.estimated, both.totals) == (2, 1, Usage(200, 40, 120, 10, 4, 14))


async def test_costs_add_up_and_what_has_no_price_is_counted_apart(store: UsageStore) -> None:
    await store.add(booked("r1", cost=10**12), NOON)
    await store.add(booked("r2", cost=1), NOON)
    await store.add(booked("r2", cost=1), NOON)
    await store.add(booked("r3", cost=None), NOON)
    await store.add(booked("r4", cost=0), NOON)
    (bucket,) = await store.unsent()
    assert (bucket.requests, bucket.cost, bucket.unpriced) == (4, 10**12 + 1, 1)


async def test_what_an_earlier_version_booked_has_no_price(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "edge.db") as connection:
        connection.execute(
            "CREATE TABLE usage_bucket (hour INTEGER NOT NULL, agent TEXT NOT NULL, provider TEXT NOT NULL,"
            "  model TEXT NOT NULL, sequence INTEGER NOT NULL, requests INTEGER NOT NULL, estimated INTEGER NOT NULL,"
            "  input_total INTEGER NOT NULL, output_total INTEGER NOT NULL, cache_read INTEGER NOT NULL,"
            "  cache_write INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, reasoning INTEGER NOT NULL,"
            "  tool_prompt INTEGER NOT NULL, PRIMARY KEY (hour, agent, provider, model)) STRICT"
        )
        row = (NOON, "shop", "openai", "m", 1, 4, 0, 100, 20, 0, 0, 0, 0, 0)
        connection.execute("INSERT INTO usage_bucket VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", row)
    connection.close()
    store = UsageStore.open(tmp_path / "edge.db")
    (old,) = await store.unsent()
    assert (old.requests, old.cost, old.unpriced, old.totals) == (4, 0, 4, Usage(100, 20))
    await store.aclose()


async def test_a_report_holds_what_changed_since_the_confirmed_one(store: UsageStore) -> None:
    await add(store, "r1", NOON)
    await add(store, "r2", NOON, "other")
    first = await store.unsent()
    assert [item.sequence for item in first] == [1, 2]
    assert await store.unsent() == first
    await add(store, "r3", NOON)
    await store.mark_sent(first[-1].sequence)
    (changed,) = await store.unsent()
    assert (changed.model, changed.sequence, changed.requests) == ("m", 3, 2)
    await store.mark_sent(3)
    await store.mark_sent(1)
    assert await store.unsent() == ()


async def test_a_long_backlog_goes_in_reports_of_bounded_size(
    store: UsageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_store, "REPORT_BUCKETS", 2)
    for number in range(5):
        await add(store, f"r{number}", NOON + 3600 * number)
    sizes = []
    while report := await store.unsent():
        sizes.append(len(report))
        await store.mark_sent(report[-1].sequence)
    assert sizes == [2, 2, 1]


async def test_ids_are_forgotten_after_a_week(store: UsageStore) -> None:
    await add(store, "r1", NOON)
    await add(store, "r2", NOON + usage_store.REMEMBERED_SECONDS)
    assert not await add(store, "r1", NOON + usage_store.REMEMBERED_SECONDS)
    await add(store, "r3", NOON + usage_store.REMEMBERED_SECONDS + 3600)
    assert await add(store, "r1", NOON + usage_store.REMEMBERED_SECONDS + 3600)


async def test_it_shares_a_file_with_the_approvals_and_survives_a_restart(tmp_path: Path) -> None:
    approvals = ApprovalStore.open(tmp_path / "edge.db")
    first = UsageStore.open(tmp_path / "edge.db")
    await add(first, "r1")
    await first.aclose()
    second = UsageStore.open(tmp_path / "edge.db")
    assert not await add(second, "r1")
    assert [item.sequence for item in await second.unsent()] == [1]
    await second.aclose()
    assert await approvals.pending() == ()
    await approvals.aclose()


async def test_no_total_grows_past_what_the_hub_takes(store: UsageStore) -> None:
    most = usage_store.MOST
    await store.add(booked("r1", cost=most + 1), NOON)
    await store.add(booked("r2", cost=2**62, usage=replace(USAGE, output_total=most)), NOON)
    await store.add(booked("r3", cost=1), NOON)
    (bucket,) = await store.unsent()
    assert (bucket.requests, bucket.cost, bucket.totals.output_total) == (3, most, most)
    assert (await store.spent(NOON))["shop"] == (300 + most, most)


@pytest.mark.parametrize(
    ("stated", "booked_as"),
    [("m" * 300, "m" * 200), ("m\n\x1b[2Jn", "m??[2Jn"), ("", "unknown"), ("ein Modell", "ein Modell")],
)
async def test_a_name_that_a_provider_made_up_is_booked_and_keeps_no_report_back(
    store: UsageStore, stated: str, booked_as: str
) -> None:
    await add(store, "r1", model=stated)
    (bucket,) = await store.unsent()
    assert bucket.model == booked_as
    report = json.dumps(usage_to_json([bucket])).encode()
    assert usage_from_json(Reader.parse(report, "usage")) == (bucket,)
