"""A folder with a small policy, and a way to run `safety policy` on it as a person does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safety_core.cli.policy.command import policy
from tests.simulators.small_policy import SMALL

Run = Callable[..., Result]


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder, and return it."""
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose `policies` is the small policy; the edge's folder is beside it."""
    monkeypatch.setenv("SAFETY_HOME", str(tmp_path / "edge"))
    monkeypatch.setenv("COLUMNS", "110")
    write(tmp_path / "policies", SMALL)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command in which @name stands for a path in the folder; errors come out as they are."""

    def command(*arguments: str, text: str = "") -> Result:
        told = [str(folder / word[1:]) if word.startswith("@") else word for word in arguments]
        return CliRunner().invoke(policy, told, input=text, catch_exceptions=False, standalone_mode=False)

    return command


def calls(folder: Path, *commands: str, name: str = "calls.jsonl") -> Path:
    """Write recorded shell commands, and return their file."""
    lines = [json.dumps({"id": str(n), "tool": "exec", "params": {"command": text}}) for n, text in enumerate(commands)]
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
