"""Who wrote is known after a restart, for thirty days, and bounded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safety_core.edge import correspondents
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


async def test_a_place_is_not_taken_for_one_that_is_written_alike(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.heard(("a", "b,c", "d", "e"), 1.0)
        for other in (("a", "b", "c,d", "e"), ("a,b", "c", "d", "e"), ("a", "b,c", "d,e", "")):
            assert not await store.wrote(other, 1.0)


async def test_nobody_can_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correspondents, "_SWEEP", 10)
    monkeypatch.setattr(correspondents, "MOST", 5)
    async with opened(tmp_path) as store:
        for number in range(101):
            await store.heard((*ANNA[:3], str(number)), float(number))
        assert await store.wrote((*ANNA[:3], "100"), 100.0)
        assert not await store.wrote((*ANNA[:3], "50"), 100.0)
        await store.heard(ANNA, SECONDS + 200)
        rows = await store._database.read(lambda db: db.execute("SELECT count(*) FROM wrote").fetchone()[0])
        assert rows <= 6


def read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


async def test_what_is_kept_names_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.heard(("main", "agent:main:main", "mail", "anna@shop.example"), 1.0)
    files = [raw for name in ("edge.db", "edge.db-wal") if (raw := read(tmp_path / name))]
    assert files
    assert not [raw for raw in files if b"anna" in raw or b"agent:main" in raw]


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "edge.db").write_bytes(b"bread" * 300)
    with pytest.raises(UnavailableError):
        await CorrespondentStore.open(tmp_path / "edge.db")
