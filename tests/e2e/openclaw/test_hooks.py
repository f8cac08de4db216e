"""Every hook of ours was called by the real OpenClaw while the tests of this folder ran; how often is printed."""

from __future__ import annotations

import re

from tests.e2e.openclaw.world import World, wait_until
from tests.simulators.openclaw_host import PLUGIN

OURS = frozenset(re.findall(r'\b(?:on|part)\(\s*"(\w+)"', (PLUGIN / "index.js").read_text())) - {"tools"}
"""What the plugin registers, by its own words; its tools are called like those of OpenClaw."""


def test_each_was_called(world: World) -> None:
    """The counts come with the check-ins, which are five seconds apart."""
    wait_until(lambda: not OURS - world.plugins()["main"]["fired"].keys())
    fired = world.plugins()["main"]["fired"]
    print("\n".join(f"{name:24} {count:6}" for name, count in sorted(fired.items())))
    assert {"trusted_tool_policy", "before_tool_call", "tool_result_middleware", "before_install"} <= OURS
    assert OURS - fired.keys() == set()


def test_each_copy_of_the_plugin_registered_them_all(world: World) -> None:
    copies = world.plugins()["main"]["copies"]
    assert {"full", "discovery"} <= copies.keys()
    assert set(copies.values()) == {len(OURS | {"tools"})}


def test_the_host_counted_the_tokens_that_the_edge_did(world: World) -> None:
    assert world.edge.status()["interlock"]["usage_differences"] == 0
