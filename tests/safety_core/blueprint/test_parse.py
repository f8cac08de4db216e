"""A blueprint is read whole or refused, with the field by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from safety_core.blueprint.parse import parse_blueprints
from safety_core.errors import SafetyError
from safety_core.model.blueprint import Comparison, Compensation, InputType, OnFailure
from safety_core.wire.reader import Reader
from tests.safety_core.blueprint.conftest import parsed, source


def test_everything_is_read() -> None:
    blueprint = parsed()
    assert [step.id for step in blueprint.steps] == ["orders", "note", "tell", "big", "last"]
    assert blueprint.inputs[0].default == 3
    assert blueprint.inputs[1].type is InputType.EMAIL
    orders, note, tell, big, last = blueprint.steps
    assert orders.expect is not None
    assert (orders.expect.test, orders.expect.than) == (Comparison.OVER, 0)
    assert note.compensate is not None
    assert note.compensate.tool == "write"
    assert (tell.compensate, tell.most) == (Compensation(), 2)
    assert big.on_failure is OnFailure.GO_ON
    assert last.pause
    assert blueprint.source == source()


def test_several_are_read_by_name() -> None:
    assert set(parse_blueprints(Reader({"late": source()}, "data.blueprints"))) == {"late"}


def test_a_blueprint_without_blanks_is_one() -> None:
    raw = source()
    del raw["inputs"]
    raw["steps"] = [{"id": "a", "words": "Looks", "tool": "read"}]
    assert parsed(raw).inputs == ()


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def changed(raw: dict[str, Any]) -> None:
        *way, last = path.split(".")
        here: Any = raw
        for name in way:
            here = here[int(name)] if isinstance(here, list) else here[name]
        here[int(last) if isinstance(here, list) else last] = value

    return changed


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("id", "other", "id"),
        ("title", "", "title"),
        ("title", "two\nlines", "title"),
        ("more", 1, "late"),
        ("steps", [], "steps"),
        ("steps.1.id", "orders", "steps"),
        ("steps.1.id", "No!", "id"),
        ("steps.1.more", 1, "steps"),
        ("inputs.0.name", "No", "name"),
        ("inputs.0.name", "sender", "inputs"),
        ("inputs.0.type", "colour", "type"),
        ("inputs.0.default", "many", "default"),
        ("inputs.0.default", [3], "default"),
        ("inputs.0.default", True, "default"),
        ("inputs.0.pattern", "(", "pattern"),
        ("steps.0.arguments.query", "{{inputs.days", "query"),
        ("steps.0.arguments.query", "{{inputs.none}}", "query"),
        ("steps.0.arguments.query", "{{inputs.days.x}}", "query"),
        ("steps.0.arguments.query", "{{run.time}}", "query"),
        ("steps.0.arguments.query", "{{item.id}}", "query"),
        ("steps.0.arguments.query", "{{steps.note.output}}", "query"),
        ("steps.0.arguments.query", "{{steps}}", "query"),
        ("steps.1.arguments.content", "{{steps.orders.rows}}", "content"),
        ("steps.0.expect.value", "{{steps.note.output}}", "value"),
        ("steps.0.expect.is", 1, "expect"),
        ("steps.0.expect.over", "many", "over"),
        ("steps.0.expect.over", True, "over"),
        ("steps.2.for_each", "all of {{steps.orders.output.rows}}", "for_each"),
        ("steps.2.most", 0, "most"),
        ("steps.2.most", 10_000, "most"),
        ("steps.1.compensate", "maybe", "compensate"),
        ("steps.3.on_failure", "shrug", "on_failure"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: Any, field: str) -> None:
    raw = source()
    change(path, value)(raw)
    with pytest.raises(SafetyError) as caught:
        parse_blueprints(Reader({"late": raw}, "data.blueprints"))
    assert field in caught.value.thing
