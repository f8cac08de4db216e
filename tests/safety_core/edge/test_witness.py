"""What was witnessed is known after a kill, and bounded by age and count."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safety_core.edge import seen, witness
from safety_core.edge.halts import Halted, HaltStore
from safety_core.edge.witness import CALL_SECONDS, FRESH_SECONDS, TURN_SECONDS, WitnessStore
from safety_core.model.tool_call import AgentId

MAIN, OTHER = AgentId("main"), AgentId("other")
TRACE = "a" * 32


@asynccontextmanager
async def witnesses(folder: Path) -> AsyncGenerator[WitnessStore, None]:
    store = await WitnessStore.open(folder / "edge.db")
    yield store
    await store.aclose()


@asynccontextmanager
async def switches(folder: Path) -> AsyncGenerator[HaltStore, None]:
    store = HaltStore.open(folder / "edge.db")
    yield store
    await store.aclose()


async def test_a_turn_is_its_agents_own_and_for_two_days(tmp_path: Path) -> None:
    async with witnesses(tmp_path) as store:
        await store.announce(MAIN, TRACE, 1000.0)
        await store.announce(MAIN, TRACE, 1001.0)
        assert await store.announced(MAIN, TRACE, 1001.0 + TURN_SECONDS)
        assert not await store.announced(MAIN, TRACE, 1002.0 + TURN_SECONDS)
        assert not await store.announced(OTHER, TRACE, 1001.0)
        assert not await store.announced(MAIN, "b" * 32, 1001.0)


async def test_a_call_is_its_agents_own(tmp_path: Path) -> None:
    async with witnesses(tmp_path) as store:
        await store.decide(MAIN, ("call1", "call1fc2"), 1000.0)
        assert await store.decided(MAIN, {"call1", "call2", "call1fc2"}, 1000.0) == {"call1", "call1fc2"}
        assert await store.decided(OTHER, {"call1"}, 1000.0) == frozenset()


async def test_what_a_conversation_brings_up_is_kept_and_the_rest_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "_SWEEP", 2)
    async with witnesses(tmp_path) as store:
        await store.decide(MAIN, ("kept", "lost"), 0.0)
        assert await store.decided(MAIN, {"kept"}, FRESH_SECONDS + 1) == {"kept"}
        await store.decide(MAIN, ("new",), CALL_SECONDS + 1)
        await store.decide(MAIN, ("newer",), CALL_SECONDS + 1)
        assert await store.decided(MAIN, {"kept", "lost", "new"}, CALL_SECONDS + 1) == {"kept", "new"}


async def test_nobody_can_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_SWEEP", 10)
    monkeypatch.setattr(witness, "CALLS", 5)
    async with witnesses(tmp_path) as store:
        for number in range(101):
            await store.decide(MAIN, (f"call{number}",), float(number))
        rows = await store._database.read(lambda db: db.execute("SELECT count(*) FROM decided").fetchone()[0])
        assert rows == 5
        assert await store.decided(MAIN, {"call100"}, 101.0) == {"call100"}


CHILD = """
import asyncio, sys
from pathlib import Path
from safety_core.edge.halts import Halted, HaltStore
from safety_core.edge.witness import WitnessStore

async def main():
    file = Path(sys.argv[1]) / "edge.db"
    store = await WitnessStore.open(file)
    await store.announce("main", "a" * 32, 1000.0)
    await store.decide("main", ("call1",), 1000.0)
    await HaltStore.open(file).throw(Halted("main", 1000.0, "odd mails"))
    print("written", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def write_and_be_killed(folder: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        os.kill(child.pid, signal.SIGKILL)


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    write_and_be_killed(tmp_path)
    async with witnesses(tmp_path) as store, switches(tmp_path) as thrown:
        assert await store.announced(MAIN, TRACE, 1000.0)
        assert await store.decided(MAIN, {"call1"}, 1000.0) == {"call1"}
        assert await thrown.all() == (Halted(MAIN, 1000.0, "odd mails"),)


async def test_a_switch_is_thrown_and_taken_back(tmp_path: Path) -> None:
    async with switches(tmp_path) as store:
        await store.throw(Halted(OTHER, 5.0, "first"))
        await store.throw(Halted(OTHER, 9.0, "second"))
        await store.throw(Halted(MAIN, 6.0, ""))
        assert await store.all() == (Halted(MAIN, 6.0, ""), Halted(OTHER, 5.0, "second"))
        await store.take_back(OTHER)
        await store.take_back(OTHER)
        assert await store.all() == (Halted(MAIN, 6.0, ""),)
