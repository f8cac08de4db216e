"""The metrics' cost is what the usage store holds, and reads an hour that is over once."""

from __future__ import annotations

from pathlib import Path

from proxy.watching.costs import Costs
from safety_core.edge.usage_store import HOUR, UsageStore
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Booking, Usage

NOW = 1000 * HOUR


async def test_sums_grow_with_what_is_booked(tmp_path: Path) -> None:
    store = UsageStore.open(tmp_path / "edge.db")
    count = 0

    async def book(at: float, model: str, cost: int | None) -> None:
        nonlocal count
        count += 1
        await store.add(Booking(f"r{count}", AgentId("ada"), "openai", model, Usage(1), cost), at)

    costs = Costs(store)
    assert await costs.totals(NOW) == {}
    await book(NOW, "m-1", 5)
    await book(NOW - 3 * HOUR, "late", 1)
    await book(NOW, "unpriced", None)
    assert await costs.totals(NOW + 1) == {("openai", "m-1"): 5}, "hours that are over were read before"
    await book(NOW + 10, "m-1", 7)
    await book(NOW + HOUR, "m-2", 3)
    assert await costs.totals(NOW + HOUR) == {("openai", "m-1"): 12, ("openai", "m-2"): 3}
    await book(NOW + HOUR, "m-1", 1)
    assert await costs.totals(NOW + HOUR + 5) == {("openai", "m-1"): 13, ("openai", "m-2"): 3}
    assert await Costs(store).totals(NOW + HOUR) == {
        ("openai", "late"): 1,
        ("openai", "m-1"): 13,
        ("openai", "m-2"): 3,
    }
    await store.aclose()
