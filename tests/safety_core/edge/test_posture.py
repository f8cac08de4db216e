"""What the doctor found outlives the edge."""

from __future__ import annotations

from pathlib import Path

from safety_core.edge.database import connect
from safety_core.edge.posture import PostureStore
from safety_core.wire.posture import Check, Posture, Result

FIRST = Posture(1_800_000_000, 1001, {Check.ICMP: Result.OPEN})
SECOND = Posture(1_700_000_000, 1002, {Check.ICMP: Result.BLOCKED, Check.ROOT: Result.UNKNOWN})


async def test_the_last_one_is_there_after_a_restart(tmp_path: Path) -> None:
    store = await PostureStore.open(tmp_path / "edge.db")
    assert store.last is None
    for posture in (FIRST, SECOND):
        await store.put(posture)
        assert store.last == posture
    await store.aclose()
    again = await PostureStore.open(tmp_path / "edge.db")
    assert again.last == SECOND
    await again.aclose()


async def test_without_a_file_it_is_kept_in_memory() -> None:
    store = PostureStore()
    await store.put(FIRST)
    assert store.last == FIRST
    await store.aclose()


async def test_one_that_cannot_be_read_is_none_and_keeps_no_edge_from_starting(tmp_path: Path) -> None:
    store = await PostureStore.open(tmp_path / "edge.db")
    await store.put(FIRST)
    await store.aclose()
    database = connect(tmp_path / "edge.db", "")
    database.execute("UPDATE posture SET body = x'7b7d'")
    database.close()
    again = await PostureStore.open(tmp_path / "edge.db")
    assert again.last is None
    await again.aclose()
