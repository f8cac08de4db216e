"""The machine itself and its network: what their manuals say they do, as levels."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import commands
from tests.simulators.judging import Judging


@pytest.mark.parametrize("command", commands("system", "looks"))
def test_looking_is_green(judging: Judging, command: str) -> None:
    assert judging.level(command) is Level.GREEN


@pytest.mark.parametrize("command", commands("system", "changes"))
def test_what_changes_something_is_not_green(judging: Judging, command: str) -> None:
    assert judging.level(command) > Level.GREEN


@pytest.mark.parametrize("command", commands("system", "everyday"))
def test_everyday_work_is_not_asked_about(judging: Judging, command: str) -> None:
    assert judging.level(command) <= Level.YELLOW


@pytest.mark.parametrize("command", commands("system", "outside"))
def test_what_reaches_outside_is_external(judging: Judging, command: str) -> None:
    assert judging.level(command) >= Level.YELLOW_EXTERNAL


@pytest.mark.parametrize("command", commands("system", "grave"))
def test_what_is_hard_to_undo_is_red(judging: Judging, command: str) -> None:
    assert judging.level(command) >= Level.RED
