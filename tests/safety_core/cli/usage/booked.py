"""An edge's folder with some usage in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from safety_core.edge.home import Home
from safety_core.edge.usage_store import UsageStore
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import NANO, Booking, Usage

DAY = 1_764_115_200
"""2025-11-26, 0:00 UTC."""

Booked = tuple[int, str, str, str, Usage, int | None]
"""When, agent, provider, model, usage, cost."""

USED: Sequence[Booked] = (
    (DAY + 3600, "ada", "openai", "gpt-5-2025-08-07", Usage(1000, 100, 800), 3 * NANO // 2),
    (DAY + 7200, "ada", "openai", "gpt-5-2025-08-07", Usage(500, 50), NANO // 2),
    (DAY + 7300, "bob", "openai", "gpt-5-nano", Usage(10, 1, estimated=True), None),
    (DAY + 90000, "ada", "anthropic", "claude-sonnet-4-5-20250929", Usage(2000, 300, 1500, 200, 50), 7 * NANO // 1000),
)


def home_of(folder: Path, used: Sequence[Booked] = USED) -> Path:
    home = Home(folder / "home").create()

    async def book() -> None:
        store = UsageStore.open(home.edge_db)
        for number, (at, agent, provider, model, usage, cost) in enumerate(used):
            await store.add(Booking(f"r{number}", AgentId(agent), provider, model, usage, cost), at)
        await store.aclose()

    asyncio.run(book())
    return home.path
