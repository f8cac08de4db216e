"""What models have cost so far, for the metrics: each hour that is over is summed up once, not at every scrape."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Final, TypeAlias

from safety_core.edge.usage_store import HOUR, UsageStore

Sums: TypeAlias = "dict[tuple[str, str], int]"
"""Provider and model -> nano-US-dollars."""

_COST: Final = """
SELECT provider, model, sum(cost) FROM usage_bucket WHERE hour >= ? AND hour < ? GROUP BY 1, 2 HAVING sum(cost) > 0
"""
_END: Final = 2**40
"""Later than any hour."""


class Costs:
    """Reads the usage store. A bucket of an hour that is over no longer changes: a response is booked when it ends."""

    def __init__(self, store: UsageStore) -> None:
        self._store = store
        self._before: Sums = {}
        self._until = 0

    async def totals(self, now: float) -> Sums:
        """Return the sums of all hours. Raises UnavailableError."""
        hour = int(now) - int(now) % HOUR
        if hour > self._until:
            _add(self._before, await self._store.read(partial(_read, self._until, hour)))
            self._until = hour
        found = {**self._before}
        _add(found, await self._store.read(partial(_read, self._until, _END)))
        return found


def _add(sums: Sums, more: list[tuple[str, str, int]]) -> None:
    for provider, model, cost in more:
        sums[provider, model] = sums.get((provider, model), 0) + cost


def _read(since: int, until: int, db: sqlite3.Connection) -> list[tuple[str, str, int]]:
    return db.execute(_COST, (since, until)).fetchall()
