"""What the database sums up is what was booked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from safety_core.edge import usage_report as module
from safety_core.edge.usage_report import filled, usage_report
from safety_core.edge.usage_store import UsageStore
from safety_core.errors import LimitError
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Booking, Usage
from safety_core.wire.usage_report import By, Point, Report

DAY = 1_700_006_400 - 1_700_006_400 % 86400
HOUR = 3600


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[UsageStore, None]:
    opened = UsageStore.open(tmp_path / "edge.db")
    yield opened
    await opened.aclose()


async def booked(store: UsageStore, at: int, agent: str = "ada", model: str = "m", **counts: int | bool) -> None:
    usage = Usage(**{"input_total": 100, "output_total": 10, **counts})  # type: ignore[arg-type]
    cost = None if model == "free" else 1000
    name = f"{at}{agent}{model}{usage}"
    await store.add(Booking(name, AgentId(agent), "openai", model, usage, cost), at)


async def keys(store: UsageStore, by: By) -> list[tuple[str, int]]:
    report = await usage_report(store, module.Asked(DAY, DAY + 2 * 86400, by))
    return [(row.key, row.requests) for row in report.rows]


async def test_sums_by_every_key(store: UsageStore) -> None:
    await booked(store, DAY)
    await booked(store, DAY + HOUR, "bob", estimated=True)
    await booked(store, DAY + 86400, "ada", "free")
    await booked(store, DAY - 1)
    await booked(store, DAY + 2 * 86400)
    assert await keys(store, "agent") == [("ada", 2), ("bob", 1)]
    assert await keys(store, "model") == [("openai/free", 1), ("openai/m", 2)]
    assert await keys(store, "provider") == [("openai", 3)]
    assert await keys(store, "day") == [(f"{DAY}", 2), (f"{DAY + 86400}", 1)]
    assert await keys(store, "hour") == [(f"{DAY}", 1), (f"{DAY + HOUR}", 1), (f"{DAY + 86400}", 1)]
    assert await keys(store, "day,model") == [(f"{DAY} openai/m", 2), (f"{DAY + 86400} openai/free", 1)]
    assert len(await keys(store, "hour,model")) == 3


async def test_a_row_has_all_sums_and_the_course_its_steps(store: UsageStore) -> None:
    await booked(store, DAY, cache_read=40)
    await booked(store, DAY + 3 * HOUR, model="free", estimated=True)
    report = await usage_report(store, module.Asked(DAY, DAY + 86400, "provider"))
    (row,) = report.rows
    assert (row.requests, row.estimated, row.unpriced, row.cost, row.saved) == (2, 1, 1, 1000, None)
    assert (row.totals.input_total, row.totals.output_total, row.totals.cache_read) == (200, 20, 40)
    assert report.over_time == (Point(DAY, 1, 110, 1000), Point(DAY + 3 * HOUR, 1, 110, 0))
    assert [point.tokens for point in filled(report)] == [110, 0, 0, 110]
    assert [*filled(Report(report.asked, (), 3600, ()))] == []
    week = await usage_report(store, module.Asked(DAY - 7 * 86400, DAY + 86400, "provider"))
    assert (week.step, len(week.over_time)) == (86400, 1)


async def test_what_the_cache_saved_is_the_other_price_of_the_same_tokens(store: UsageStore) -> None:
    def cost(provider: str, model: str, usage: Usage, now: float) -> int | None:
        return None if model == "free" else (usage.input_total - usage.cache_read) * 10 + usage.cache_read

    await booked(store, DAY, cache_read=40)
    await booked(store, DAY, cache_read=60)
    await booked(store, DAY, model="other")
    await booked(store, DAY, model="free", cache_read=10)
    report = await usage_report(store, module.Asked(DAY, DAY + 1, "model"), cost)
    assert [(row.key, row.saved) for row in report.rows] == [
        ("openai/free", None),
        ("openai/m", 900),
        ("openai/other", 0),
    ]
    (all_of_it,) = (await usage_report(store, module.Asked(DAY, DAY + 1, "agent"), cost)).rows
    assert all_of_it.saved == 900


async def test_too_many_rows_are_refused(store: UsageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 2)
    for number in range(3):
        await booked(store, DAY, model=f"m{number}")
    with pytest.raises(LimitError, match="shorter time"):
        await usage_report(store, module.Asked(DAY, DAY + 1, "model"))
