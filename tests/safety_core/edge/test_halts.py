"""Kill switches outlast the edge, and each hand takes back what it has thrown."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from safety_core.edge.halts import Halted, HaltStore, Hand
from safety_core.model.tool_call import AgentId

MAIN = AgentId("main")


async def test_each_hand_has_a_switch_of_its_own(tmp_path: Path) -> None:
    store = HaltStore.open(tmp_path / "edge.db")
    await store.throw(Halted(MAIN, 1.0, "by me"))
    await store.throw(Halted(MAIN, 2.0, "by the hub", Hand.HUB))
    await store.throw(Halted(MAIN, 3.0, "again", Hand.HUB))
    await store.aclose()
    store = HaltStore.open(tmp_path / "edge.db")
    assert await store.all() == (Halted(MAIN, 1.0, "by me"), Halted(MAIN, 2.0, "again", Hand.HUB))
    await store.take_back(MAIN, Hand.HUB)
    assert await store.all() == (Halted(MAIN, 1.0, "by me"),)
    await store.take_back(MAIN)
    assert await store.all() == ()
    await store.aclose()


async def test_switches_of_an_earlier_version_are_a_persons(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "edge.db")) as old:
        old.execute("CREATE TABLE halt (agent TEXT PRIMARY KEY, since REAL NOT NULL, reason TEXT NOT NULL) STRICT")
        old.execute("INSERT INTO halt VALUES ('main', 1.0, 'before')")
        old.commit()
    store = HaltStore.open(tmp_path / "edge.db")
    assert await store.all() == (Halted(MAIN, 1.0, "before"),)
    await store.aclose()
