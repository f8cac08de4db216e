"""The journal: on disk before and after, one act for each key, and what a killed process left is seen."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.canonical import digest
from safety_core.edge.journal import KEPT_BYTES, KEPT_SECONDS, Journal
from safety_core.errors import BusyError, ExecutionError, InputError
from safety_core.flow.effects import Execute
from safety_core.model.execution import Ending, Execution, ExecutionId, ExecutionState
from safety_core.model.tool_call import AgentId, CallId, Undo
from safety_core.resolve import ShellPlan

AGENT = AgentId("helper")
ACT = digest({"tool": "exec"})
FIRST = Execution(ExecutionId("e1"), AGENT, "k1", "exec", CallId("c1"), ACT, "r1", 100.0)
DONE = Ending("sent", 3, True, Undo("write", {"path": "a"}))


async def test_an_execution_outlasts_a_restart_with_all_that_is_known(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "edge.db")
    await journal.begin(FIRST)
    assert await journal.find(AGENT, "k1") == FIRST
    await journal.end(FIRST.id, ExecutionState.DONE, DONE, 101.0)
    await journal.aclose()
    journal = await Journal.open(tmp_path / "edge.db")
    done = replace(FIRST, state=ExecutionState.DONE, ending=DONE)
    assert await journal.find(AGENT, "k1") == done
    assert await journal.find(AgentId("other"), "k1") is None
    assert await journal.get(FIRST.id) == done
    assert await journal.get(ExecutionId("e9")) is None
    assert await journal.latest(10) == (done,)
    with pytest.raises(BusyError):
        await journal.begin(replace(FIRST, id=ExecutionId("e2")))
    await journal.aclose()


async def test_one_key_begins_once_at_a_time_and_again_after_it_failed(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "edge.db")
    tries = [replace(FIRST, id=ExecutionId(f"e{number}")) for number in range(8)]
    begun = await asyncio.gather(*map(journal.begin, tries), return_exceptions=True)
    assert sum(isinstance(answer, BusyError) for answer in begun) == 7
    (won,) = (it for it, answer in zip(tries, begun, strict=True) if answer is None)
    await journal.end(won.id, ExecutionState.FAILED, None, 101.0)
    later = replace(FIRST, id=ExecutionId("e9"), at=102.0)
    await journal.begin(later)
    assert await journal.latest(10) == (later,), "one row for one act"
    nameless = [replace(FIRST, id=ExecutionId(f"n{number}"), key="") for number in range(3)]
    await asyncio.gather(*map(journal.begin, nameless))
    await journal.aclose()


async def test_a_try_that_was_judged_before_another_was_cut_off_does_not_begin_in_its_place(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "edge.db")
    await journal.begin(FIRST)
    await journal.end(FIRST.id, ExecutionState.UNKNOWN, None, 101.0)
    second = replace(FIRST, id=ExecutionId("e2"), at=102.0)
    with pytest.raises(BusyError):
        await journal.begin(second)
    found = await journal.find(AGENT, "k1")
    assert found is not None
    assert found.state is ExecutionState.UNKNOWN, "who asks next is still told that nobody knows"
    await journal.begin(second, again=True)
    assert await journal.latest(10) == (second,)
    await journal.aclose()


async def test_what_is_cancelled_in_the_middle_is_unknown(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "edge.db")
    await journal.begin(FIRST)
    plan = ShellPlan("sleep 600", str(tmp_path), (), 900.0)
    running = asyncio.create_task(journal.performed(Execute(plan, {}, FIRST.id, "k1")))
    await asyncio.sleep(0.05)
    assert (await journal.find(AGENT, "k1")) == FIRST, "under way"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await journal.find(AGENT, "k1") == replace(FIRST, state=ExecutionState.UNKNOWN)
    await journal.aclose()


async def test_a_failed_execution_raises_and_a_good_one_answers(tmp_path: Path) -> None:
    journal = Journal()
    await journal.begin(FIRST)
    result = await journal.performed(Execute(ShellPlan("echo hello", str(tmp_path), (), 9.0), {}, FIRST.id, "k1"))
    assert result.output == "hello\n"
    with pytest.raises(ExecutionError):
        await journal.performed(Execute(ShellPlan("echo", "/nowhere/at/all", (), 9.0), {}, FIRST.id, "k1"))
    await journal.end(FIRST.id, ExecutionState.DONE, DONE, 101.0)
    assert (await journal.find(AGENT, "k1"), await journal.latest(1), await journal.unknown()) == (None, (), 0)
    await journal.aclose()


async def test_a_long_output_is_kept_cut_off_and_old_rows_go(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "edge.db")
    await journal.begin(FIRST)
    await journal.end(FIRST.id, ExecutionState.DONE, Ending("ä" * KEPT_BYTES), 101.0)
    kept = await journal.find(AGENT, "k1")
    assert kept is not None
    assert kept.ending == Ending("ä" * (KEPT_BYTES // 2), 0, True)
    later = replace(FIRST, id=ExecutionId("e2"), key="k2", at=101.0 + KEPT_SECONDS)
    await journal.begin(later)
    assert await journal.latest(10) == (later,)
    await journal.aclose()


KILLED = """
import asyncio, os, sys
from pathlib import Path
from safety_core.edge.journal import Journal
from tests.safety_core.edge.test_journal import FIRST

async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    await journal.begin(FIRST)
    print("begun", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_what_a_killed_process_was_at_is_seen_by_the_next_one(tmp_path: Path) -> None:
    file = tmp_path / "edge.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(file), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"begun\n"
    child.kill()
    await child.communicate()
    journal = await Journal.open(file)
    assert await journal.interrupted() == (FIRST,)
    assert await journal.find(AGENT, "k1") == replace(FIRST, state=ExecutionState.UNKNOWN)
    await journal.end(FIRST.id, ExecutionState.UNKNOWN, None, 200.0)
    assert (await journal.interrupted(), await journal.unknown()) == ((), 1)
    await journal.begin(replace(FIRST, id=ExecutionId("e2"), at=201.0), again=True)
    assert await journal.unknown() == 0
    await journal.aclose()


async def test_what_a_person_found_out_is_written_down(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "edge.db")
    await journal.begin(FIRST)
    with pytest.raises(InputError, match="is not one that was cut off"):
        await journal.settle(FIRST.id, done=True, now=2.0)
    await journal.end(FIRST.id, ExecutionState.UNKNOWN, None, 101.0)
    await journal.settle(FIRST.id, done=False, now=102.0)
    failed = await journal.get(FIRST.id)
    assert failed is not None
    assert (failed.state, failed.ending) == (ExecutionState.FAILED, None)
    with pytest.raises(InputError, match="is not one that the edge remembers"):
        await journal.settle(ExecutionId("e9"), done=True, now=103.0)
    await journal.aclose()
