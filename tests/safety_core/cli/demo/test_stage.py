"""What a busy machine, or a command that fails, makes of the stage: one error with thing, reason and fix."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from safety_core.cli.demo import stage as module
from safety_core.cli.demo.stage import Stage
from safety_core.errors import UnavailableError


def test_a_command_that_takes_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    with pytest.raises(UnavailableError) as raised:
        Stage(tmp_path, "http://127.0.0.1:9").safety("policy", "keys", str(tmp_path / "keys"))
    assert str(raised.value) == "safety policy: took more than 0 s. Fix: try again when the machine is less busy"


def test_a_service_that_is_never_ready_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(silent))
    with pytest.raises(UnavailableError) as raised, Stage(tmp_path, "http://127.0.0.1:9")._service("hub"):
        pass
    assert str(raised.value) == "safety hub: was not ready after 0 s. Fix: try again when the machine is less busy"
    assert (tmp_path / "hub.log").read_text() == ""


def test_a_service_that_ends_says_why(tmp_path: Path) -> None:
    broken = Stage(tmp_path, "http://127.0.0.1:9")._service("edge", "--config", str(tmp_path / "none.toml"))
    with pytest.raises(UnavailableError, match=r"safety edge: did not start: error: .*none\.toml"), broken:
        pass
