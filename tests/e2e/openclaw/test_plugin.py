"""The plugin on its own: its unit tests, its types against the pinned OpenClaw, and what it is made of."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.simulators.openclaw import install
from tests.simulators.openclaw_host import PLUGIN

pytestmark = pytest.mark.timeout(600)
RUNTIME = PLUGIN / "runtime"


@pytest.fixture(scope="module")
def home() -> Path:
    return install()


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=PLUGIN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_unit_tests_pass(home: Path) -> None:
    run(home / "bin" / "node", "--test", "--test-reporter=dot", *sorted((PLUGIN / "test").glob("*.test.js")))


def test_its_types_fit_the_pinned_openclaw(home: Path) -> None:
    run(home / "bin" / "node", home / "openclaw/node_modules/typescript/bin/tsc", "-p", ".")


def test_it_needs_nothing_but_node() -> None:
    """A thin shim: no dependency that could be swapped under it."""
    package = json.loads((PLUGIN / "package.json").read_text())
    assert not [key for key in package if "ependencies" in key]
    sources = [PLUGIN / "index.js", *(PLUGIN / "lib").glob("*.js")]
    imported = {name for path in sources for name in re.findall(r'^import .* from "(.+)";$', path.read_text(), re.M)}
    assert all(name.startswith(("node:", "./")) for name in imported), imported


@pytest.mark.parametrize("part", ["node", "openclaw"])
def test_what_is_installed_is_pinned_by_hash_and_tied_to_no_registry(part: str) -> None:
    lock = json.loads((RUNTIME / part / "package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path and not entry.get("inBundle")}
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    asked = json.loads((RUNTIME / part / "package.json").read_text())
    for group in ("dependencies", "optionalDependencies", "devDependencies"):
        for name, version in asked.get(group, {}).items():
            assert packages[f"node_modules/{name}"]["version"] == version


def test_an_installation_is_made_once_and_kept(home: Path) -> None:
    before = (home / "installed").stat().st_mtime_ns
    assert install() == home
    assert (home / "installed").stat().st_mtime_ns == before
