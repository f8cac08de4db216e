"""What the agents' models propose, on record before the real OpenClaw's plugin reports it, and joined with that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.openclaw.world import APIS, World, wait_until
from tests.simulators.scripted_model import Call, Say


def proposed(world: World, agent: str) -> list[dict[str, Any]]:
    """Return the entries of calls that were proposed, by an agent's model or by its host."""
    lines = world.safety("audit", "export").splitlines()
    return [entry for entry in map(json.loads, lines) if (entry["event"], entry["agent"]) == ("proposed", agent)]


@pytest.mark.parametrize("agent", APIS)
def test_a_call_is_foreseen_in_every_api_as_openclaw_reports_it(world: World, agent: str) -> None:
    before = len(proposed(world, agent))
    results, _ = world.say(
        Call("exec", {"command": "echo one"}), Call("read", {"path": "note.txt"}), Say("done"), agent=agent
    )
    assert len(results) == 2
    wait_until(lambda: len(proposed(world, agent)) == before + 4)
    new = proposed(world, agent)[before:]
    by_model = [entry for entry in new if "exchange" in entry]
    by_host = [entry for entry in new if "exchange" not in entry]
    assert [entry["counts"] for entry in by_host] == [{"foreseen": 1}] * 2
    for field in ("subject", "level", "outcome", "rules", "action_digest"):
        assert [entry[field] for entry in by_model] == [entry[field] for entry in by_host], field


def test_a_call_that_another_one_makes_is_no_stranger(world: World) -> None:
    world.inner("sessions_list")
    assert "unforeseen" not in json.dumps([entry["counts"] for entry in proposed(world, "main")])


def test_nothing_that_openclaw_does_looks_like_a_call_past_the_plugin(world: World) -> None:
    calls = world.edge.status()["interlock"]["calls"]
    assert calls["foreseen"] > 0
    assert (calls["changed"], calls["unforeseen"], calls["unreported"]) == (0, 0, 0)
