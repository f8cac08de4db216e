"""A machine of its own for every test: an OpenClaw configuration and a folder of the edge."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from safety_core.canonical import JsonObject
from safety_core.cli.main import run
from safety_core.cli.openclaw import plugin
from tests.safety_core.cli.openclaw.machine import config


@dataclass
class Machine:
    """`state`: OpenClaw's folder; `home`: the edge's."""

    state: Path
    home: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return self.state / "openclaw.json"

    @property
    def socket(self) -> Path:
        return self.home / "edge.sock"

    @property
    def tree(self) -> JsonObject:
        tree = json.loads(self.file.read_bytes())
        assert isinstance(tree, dict)
        return tree

    def write(self, tree: JsonObject) -> bytes:
        self.file.write_text(json.dumps(tree))
        return self.file.read_bytes()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `safety openclaw` and return its exit status, stdout and stderr."""
        status = run(["openclaw", *arguments])
        shown = self.capsys.readouterr()
        return status, shown.out, shown.err


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="oc-"))  # short: a socket's path has 107 bytes
    made = Machine(folder / "state", folder / "home", capsys)
    for below in (made.state, made.home):
        below.mkdir()
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(made.state))
    monkeypatch.setenv("SAFETY_HOME", str(made.home))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    packed = folder / "package"  # as it is installed; and nobody edits it meanwhile
    plugin.copy_plugin(plugin.shipped_plugin(), packed / "_openclaw")
    monkeypatch.setattr(plugin, "_PACKAGE", packed)
    for name in ("OPENCLAW_CONFIG_PATH", "OPENCLAW_TRAJECTORY"):
        monkeypatch.delenv(name, raising=False)
    made.write(config())
    yield made
    shutil.rmtree(folder)
