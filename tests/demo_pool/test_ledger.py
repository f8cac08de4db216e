"""What an earlier pool wrote down is cleared, and nothing else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demo_pool.ledger import Ledger, Record, began, clear, group_of
from safety_core.edge.confine.group import Group

NAME = "a" * 26


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield running
    running.kill()
    running.wait()


def record_of(ledger: Ledger, process: int, groups: tuple[str, ...] = ()) -> Record:
    ledger.add(NAME, process, groups)
    (record,) = ledger.records()
    return record


async def test_a_process_that_is_the_one_is_ended(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    ledger = Ledger(tmp_path)
    with ledger.held():
        record_of(ledger, process.pid)
        assert await ledger.clear() == 1
        assert process.wait(10) == -9
        assert ledger.records() == ()


@pytest.mark.parametrize("what", ["later", "earlier", "another boot"])
async def test_another_that_got_its_number_is_not(tmp_path: Path, process: subprocess.Popen[bytes], what: str) -> None:
    record = record_of(Ledger(tmp_path), process.pid)
    changes = {"later": {"began": record.began + 1}, "earlier": {"began": 0}, "another boot": {"boot": "another"}}
    await clear(replace(record, **changes[what]))  # type: ignore[arg-type]
    assert process.poll() is None


def enter(group: Group, process: int) -> None:
    for file in group.joins():
        Path(file).write_text(str(process))


async def test_what_is_still_in_its_group_is_ended(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    group = Group.create(64 << 20, 20)
    assert group.folders(), "this machine lets the suite make control groups"
    enter(group, process.pid)
    ledger = Ledger(tmp_path)
    with ledger.held():
        record_of(ledger, 2**22 - 1, tuple(str(folder) for folder in group.folders()))
        assert await ledger.clear() == 1
    assert process.wait(10) == -9
    assert not [folder for folder in group.folders() if folder.exists()]


def test_a_folder_that_is_no_group_of_ours_is_left_alone(tmp_path: Path) -> None:
    assert group_of([str(tmp_path / "system.slice"), "/"]).folders() == ()


async def test_half_a_record_is_swept_up(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with ledger.held():
        (tmp_path / "tenants/x.json").write_text('{"name": ')
        (tmp_path / "tenants/.new-abc").write_text("")
        assert await ledger.clear() == 0
        assert [*(tmp_path / "tenants").iterdir()] == []


def test_when_a_process_began() -> None:
    assert began(os.getpid()) > 0
    assert began(2**22 - 1) == 0
