"""What is known of a run before it begins, and a run on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from safety_core.blueprint.profile import plan_of
from safety_core.blueprint.run import RunState
from safety_core.blueprint.stored import run_from_json, run_to_json
from safety_core.wire.reader import Reader
from tests.safety_core.blueprint.test_moves import FORWARD, played, refused, run


def steps(*, dry: bool) -> dict[str, Any]:
    plan: Any = plan_of(run(), dry=dry)
    assert plan.get("dry", False) is dry
    return {step["id"]: step for step in plan["steps"]}


def test_calls_are_told_as_far_as_they_are_known() -> None:
    found = steps(dry=False)
    assert [*found] == ["orders", "note", "tell", "big", "last"]
    assert found["note"]["params"]["content"] == "3 days, from me@example.com"
    assert [name for name, step in found.items() if step["later"]] == ["tell", "big"]
    assert found["tell"]["params"]["subject"] == "Order {{item.id}}"


def test_looked_at_alone_they_come_with_what_takes_them_back() -> None:
    found = steps(dry=True)
    assert "note~back" in found
    assert found["note~back"]["later"]
    assert "tell~back" not in found


def test_a_run_comes_back_from_the_disk_as_it_was() -> None:
    here, _ = played(run(plan={"state": "free"}), *FORWARD[:2], replace(FORWARD[2], execution="e1"), refused())
    for kept in (run(), here, replace(here, state=RunState.STOPPED, why="x")):
        raw = json.dumps(run_to_json(kept))
        assert run_from_json(Reader.parse(raw, "run")) == kept
