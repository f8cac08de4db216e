"""plans.yaml and blueprints/*.yaml, from the sources to the policy."""

from __future__ import annotations

import pytest

from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.diff import differences
from safety_core.bundle.source import compile_bundle
from safety_core.errors import PolicyError
from safety_core.model.blueprint import ONE_BY_ONE, PlanRules
from safety_core.model.level import Level
from safety_core.model.policy import Policy
from tests.simulators.small_policy import SMALL

PLANS = b"plans:\n  up_to: red\n  minutes: 30\n"
BLUEPRINT = b"""\
id: tidy
title: Tidy up
words: Tidies up.
inputs:
  - {name: who, type: text, question: Who?}
steps:
  - {id: note, words: Tells, tool: message, arguments: {to: "{{inputs.who}}"}}
"""


def bundle(**files: bytes) -> TrustedBundle:
    named = {name.replace("__", "/") + ".yaml": raw for name, raw in files.items()}
    return compile_bundle({**SMALL, **named}, tenant="bakery")[1]


def policy(**files: bytes) -> Policy:
    return bundle(**files).policy


def test_what_one_answer_covers_is_told_where_policies_are_compared() -> None:
    def told(old: TrustedBundle, new: TrustedBundle) -> list[tuple[str, tuple[str, ...], bool | None]]:
        return [(change.part, change.words, change.loosens) for change in differences(old, new)]

    none, half, hour = bundle(), bundle(plans=PLANS), bundle(plans=PLANS.replace(b"30", b"60"))
    assert told(none, half) == [("plans", ("no plan before, now up to red for 30 minutes",), True)]
    assert told(half, hour)[0][2] is True
    assert told(hour, none)[0][2] is False
    milder = bundle(plans=PLANS.replace(b"red", b"yellow"))
    assert told(half, milder)[0][2] is False


def test_a_changed_blueprint_is_told_by_its_fields() -> None:
    old, new = bundle(blueprints__tidy=BLUEPRINT), bundle(blueprints__tidy=BLUEPRINT.replace(b"Who?", b"Whom?"))
    (change,) = differences(old, new)
    assert (change.part, change.name, change.how.value) == ("blueprint", "tidy", "changed")
    assert any("question" in word for word in change.words)
    assert [change.how.value for change in differences(bundle(), new)] == ["added"]


def test_a_policy_without_them_asks_call_by_call_and_has_no_blueprints() -> None:
    assert (policy().plans, policy().blueprints) == (ONE_BY_ONE, {})


def test_they_are_part_of_what_is_signed() -> None:
    found = policy(plans=PLANS, blueprints__tidy=BLUEPRINT)
    assert found.plans == PlanRules(Level.RED, 1800.0)
    assert [*found.blueprints] == ["tidy"]
    assert found.revision != policy().revision


@pytest.mark.parametrize(
    ("name", "raw", "place"),
    [
        ("plans", b"plans:\n  up_to: critical_red\n  minutes: 30\n", "plans.yaml:2"),
        ("plans", b"plans:\n  up_to: much\n  minutes: 30\n", "plans.yaml:2"),
        ("plans", b"plans:\n  up_to: red\n  minutes: 100000\n", "plans.yaml:3"),
        ("plans", b"plans:\n  up_to: red\n  minutes: 1\n  more: 1\n", "plans.yaml:2"),
        ("blueprints__other", BLUEPRINT, "blueprints/other.yaml:1"),
        ("blueprints__tidy", BLUEPRINT.replace(b"message", b"massage"), "blueprints/tidy.yaml:7"),
        ("blueprints__tidy", BLUEPRINT.replace(b"inputs.who", b"inputs.whom"), "blueprints/tidy.yaml:7"),
        (
            "blueprints__tidy",
            BLUEPRINT.replace(b"message, arguments: {to:", b"exec, arguments: {command:"),
            "blueprints/tidy.yaml:7",
        ),
    ],
)
def test_a_mistake_is_told_with_file_and_line(name: str, raw: bytes, place: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(**{name: raw})
    assert caught.value.thing.startswith(place)
