"""The person who looks whether something happened of which the edge says that nobody knows, and tells it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx2

from soak.journal import Journal

UNTIL_OVER: Final = 0.5
"""Seconds: what was cut off is over by then, one way or the other."""


class Operator:
    """Looks into the shop's books and the workspace, as a person would."""

    def __init__(self, edge: httpx2.AsyncClient, shop: Path, acts: Path, journal: Journal) -> None:
        self._edge = edge
        self._shop = shop
        self._acts = acts
        self._journal = journal

    async def settle(self, execution: str, token: str) -> None:
        """Look, and say what is found."""
        await asyncio.sleep(UNTIL_OVER)
        done = self._happened(token)
        with suppress(httpx2.HTTPError):
            answer = await self._edge.post("/v1/executions/settle", json={"id": execution, "done": done})
            if answer.status_code == 200:
                self._journal.note("settled", token=token, execution=execution, done=done)

    def _happened(self, token: str) -> bool:
        if self._acts.exists() and token in self._acts.read_text().split():
            return True
        return self._shop.exists() and f'"token": "{token}"' in self._shop.read_text()
