"""The pinned OpenClaw takes what install writes, loads the plugin from it, and is given its own bytes back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from safety_core.cli.openclaw.host import LEAST, TESTED
from safety_core.cli.openclaw.plugin import shipped_plugin
from safety_core.cli.openclaw.tree import found
from safety_core.cli.openclaw.wish import PLUGIN_ID
from tests.safety_core.cli.openclaw.conftest import Machine
from tests.safety_core.cli.openclaw.machine import config, edge, edge_status
from tests.simulators.openclaw import install

RUNTIME = Path(__file__).parents[4] / "plugins" / "openclaw"


@pytest.fixture
def openclaw(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The pinned program, with nothing of this machine's in its environment."""
    installed = install()
    monkeypatch.setenv("PATH", f"{installed / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "openclaw"
    path.write_text(f'#!/bin/sh\nexec node "{installed}/openclaw/node_modules/openclaw/openclaw.mjs" "$@"\n')
    path.chmod(0o755)
    return path


def ask_openclaw(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *arguments], env={**os.environ}, capture_output=True, text=True, check=False)


def test_it_takes_loads_and_gets_back(machine: Machine, openclaw: Path) -> None:
    old = b"// mine\n" + json.dumps(config(agents={"entries": {"main": {"model": "anthropic/m"}}})).encode()
    machine.file.write_bytes(old)
    manifest = {"agent": "main", "tools": ["read", "write", "exec"], "sandbox": "required"}
    with edge(machine.socket, {"/v1/status": edge_status("main"), "/v1/agents": {"agents": [manifest]}}):
        status, _, told = machine.run("install", "--yes", "--openclaw", str(openclaw))
        assert status == 0, told
        _, shown, _ = machine.run("status", "--json", "--openclaw", str(openclaw))
        done = ask_openclaw(openclaw, "plugins", "install", shipped_plugin(), "--force", "--accept-capabilities")
        assert done.returncode != 0
        assert "Safety Gateway: " in done.stdout + done.stderr, "an installation needs the edge's permission"
    checks = {(check["layer"][0], check["name"]): check for check in json.loads(shown)["checks"]}
    assert not [check for check in checks.values() if check["state"] != "in force"]
    assert checks["4", "sign-ins"]["proof"] == "OpenClaw's own store holds none"
    assert checks["3", "plugin, loaded"]["proof"] == "loaded by OpenClaw, with every hook"
    assert machine.run("install", "--yes", "--openclaw", str(openclaw))[1].startswith("nothing to do")
    status, _, told = machine.run("uninstall", "--yes", "--openclaw", str(openclaw))
    assert status == 0, told
    assert machine.file.read_bytes() == old


def test_it_refuses_a_mistake_and_then_the_old_file_is_back(machine: Machine, openclaw: Path) -> None:
    old = machine.write(config(no_such_section={}))
    status, _, told = machine.run("install", "--yes", "--openclaw", str(openclaw))
    assert status == 2
    assert "no_such_section" in told
    assert machine.file.read_bytes() == old


@pytest.mark.parametrize("link", [[], ["--link"]])
def test_its_own_way_of_installing_the_plugin_works(machine: Machine, openclaw: Path, link: list[str]) -> None:
    machine.write({})
    done = ask_openclaw(openclaw, "plugins", "install", *link, shipped_plugin(), "--force", "--accept-capabilities")
    assert done.returncode == 0, done.stdout + done.stderr
    assert found(machine.tree, "plugins", "entries", PLUGIN_ID, "enabled") is True
    copied = machine.state / "extensions" / PLUGIN_ID / "index.js"
    assert copied.is_file() is (not link)


def test_the_releases_that_are_named_are_the_pinned_and_the_plugins() -> None:
    pinned = json.loads((RUNTIME / "runtime" / "openclaw" / "package.json").read_bytes())["dependencies"]["openclaw"]
    assert pinned in TESTED
    least = json.loads((RUNTIME / "package.json").read_bytes())["openclaw"]["install"]["minHostVersion"]
    assert least == ">=" + ".".join(map(str, LEAST))
