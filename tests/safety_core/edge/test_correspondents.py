"""Who wrote is known after a restart, for thirty days, and bounded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safety_core.edge import correspondents, seen
from safety_core.edge.correspondents import SECONDS, CorrespondentStore
from safety_core.errors import UnavailableError

ANNA = ("main", "agent:main:main", "telegram", "4711")


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[CorrespondentStore, None]:
    store = await CorrespondentStore.open(folder / "edge.db")
    yield store
    await store.aclose()


async def test_who_wrote_is_known_after_a_restart_for_a_while(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert not await store.wrote(ANNA, 1000.0)
        await store.heard(ANNA, 900.0)
        await store.heard(ANNA, 1000.0)
    async with opened(tmp_path) as store:
        assert await store.wrote(ANNA, 1000.0)
        assert await store.wrote(ANNA, 1000.0 + SECONDS)
        assert not await store.wrote(ANNA, 1001.0 + SECONDS)
        assert not await store.wrote(ANNA, 999.0), "the clock went back"
        assert not await store.wrote((*ANNA[:3], "4712"), 1000.0)


async def test_nobody_can_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_SWEEP", 10)
    monkeypatch.setattr(correspondents, "MOST", 5)
    async with opened(tmp_path) as store:
        for number in range(101):
            await store.heard((*ANNA[:3], str(number)), float(number))
        assert await store.wrote((*ANNA[:3], "100"), 100.0)
        assert not await store.wrote((*ANNA[:3], "50"), 100.0)
        await store.heard(ANNA, SECONDS + 200)
        rows = await store._database.read(lambda db: db.execute("SELECT count(*) FROM wrote").fetchone()[0])
        assert rows <= 6


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "edge.db").write_bytes(b"bread" * 300)
    with pytest.raises(UnavailableError):
        await CorrespondentStore.open(tmp_path / "edge.db")
