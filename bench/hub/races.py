"""One question approved, denied, cancelled and expired at once, by two processes of the hub: one thing happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from bench.figure import Figure
from bench.hub.stage import DATABASES, on
from hub.app import opened
from hub.settings import Settings
from tests.simulators.hub import question
from tests.simulators.hub_process import HubProcess, names
from tests.simulators.races import outcomes, race, second_process

SECTION = "The hub"
RACES = 1000


def figures() -> Iterator[Figure]:
    """Yield how many races had another number of outcomes than one."""
    for database in DATABASES:
        with on(database) as hub:
            (tenant,) = names(1)
            hub.prepare([tenant])
            bad, number, counts = asyncio.run(_raced(hub, tenant, RACES))
        title = f"races of approve, deny and expire without exactly one outcome, of {number}, {database}"
        yield Figure(SECTION, f"hub_races_{database.lower()}", title, bad, "", 0, note=counts)


async def _raced(hub: HubProcess, tenant: str, number: int) -> tuple[int, int, str]:
    order = random.Random(7)
    settings = Settings(hub.data, hub.database, max_pending=100_000)
    async with opened(settings) as context, second_process(context, hub.database) as other:
        found = []
        for count in range(number):
            here, there = (context, other) if count % 2 else (other, context)
            asked = question(tenant, now=context.clock(), agent=f"agent-{count}")
            found.append(await race(here, there, asked, order))
    counts = ", ".join(f"{times} {state}" for state, times in sorted(outcomes(found).items()))
    return sum(not one.is_one for one in found), number, counts
