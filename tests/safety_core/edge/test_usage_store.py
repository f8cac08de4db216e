"""Usage: every response once, totals that only grow, and reports that may be lost or repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.edge import usage_store
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.usage_store import UsageStore
from safety_core.model.usage import Usage

USAGE = Usage(100, 20, 60, 5, 2, 7)
NOON = 1_800_000_000 - 1_800_000_000 % 3600


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[UsageStore]:
    opened = UsageStore.open(tmp_path / "edge.db")
    yield opened
    await opened.aclose()


async def add(store: UsageStore, request: str, now: float = NOON, model: str = "m", usage: Usage = USAGE) -> bool:
    return await store.add(request, "shop", "openai", model, usage, now)


async def test_a_response_is_counted_once(store: UsageStore) -> None:
    assert await add(store, "r1")
    assert not await add(store, "r1")
    assert not await add(store, "r1", NOON + 9999)
    (bucket,) = await store.buckets()
    assert (bucket.requests, bucket.estimated, bucket.totals) == (1, 0, USAGE)


async def test_what_an_agent_has_spent_of_its_day(store: UsageStore) -> None:
    assert await store.spent("shop", NOON) == 0
    await add(store, "r1", NOON - 1)
    await add(store, "r2", NOON)
    await add(store, "r3", NOON + 7200, "other")
    await store.add("r4", "night", "openai", "m", USAGE, NOON)
    assert await store.spent("shop", NOON) == 240
    assert await store.spent("shop", NOON - 3600) == 360


async def test_totals_add_up_by_hour_agent_provider_and_model(store: UsageStore) -> None:
    await add(store, "r1", NOON)
    await add(store, "r2", NOON + 3599.9, usage=replace(USAGE, estimated=True))
    await add(store, "r3", NOON + 3600)
    await add(store, "r4", NOON, "other")
    found = {(item.hour - NOON, item.model): item for item in await store.buckets()}
    assert set(found) == {(0, "m"), (0, "other"), (3600, "m")}
    both = found[(0, "m")]
    assert (both.requests, both.estimated, both.totals) == (2, 1, Usage(200, 40, 120, 10, 4, 14))
    assert [item.hour - NOON for item in await store.buckets(NOON + 3600)] == [3600]


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
