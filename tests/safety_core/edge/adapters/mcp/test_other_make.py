"""A server of another make (the SDK for JavaScript, under the pinned Node), whose list of tools comes in pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.model.connection import Connection
from tests.safety_core.edge.adapters.mcp.conftest import PROGRAM, Notes
from tests.simulators.openclaw import install


@pytest.fixture(scope="module")
def runtime() -> Path:
    return install()


async def test_a_server_of_another_make_serves_all_its_tools(runtime: Path, tmp_path: Path) -> None:
    node, modules = runtime / "bin" / "node", runtime / "openclaw" / "node_modules"
    target = f"{node} {PROGRAM.with_suffix('.mjs')} {modules}"
    other = Notes(tmp_path, Connection("other", "mcp", target, options={"readable": [str(runtime)]}), "unused")
    assert (await other.call("check", pinned=False)).output == "other-make 1.2.3, 3 tools"
    result = await other.in_child("third", words="hello")
    assert result.output == "third: hello\n[resource note://1]\na note\n[link to another: note://2]"
