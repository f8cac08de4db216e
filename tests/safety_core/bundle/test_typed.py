"""A rule that speaks of what no fact has is refused where it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safety_core.bundle.typed import (
    Vocabulary,
    check_traits,
    check_words,
    read_vocabulary,
    specs_of,
)
from safety_core.edge.shipped import shipped_bundle, shipped_folder
from safety_core.errors import InputError, PolicyError
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind, Zone

KNOWN = Vocabulary(
    {
        "call": frozenset({"actions", "tool"}),
        "action": frozenset({"kind", "traits", "targets"}),
        "target": frozenset({"kind", "zone"}),
    },
    {
        "kind": frozenset({"read", "destroy", "path"}),
        "zone": frozenset({"system", "workspace"}),
        "trait": frozenset({"recursive", "forced"}),
    },
)
RULE = """\
hits contains {{"level": "red", "reason": "x"}} if {{
	some action in object.get(input, "actions", [])
	some target in object.get(action, "targets", [])
	{line}
}}
"""


@pytest.mark.parametrize(
    "line",
    [
        'object.get(action, "kind", "") == "destroy"',
        'object.get(target, "kind", "") in {"path"}',
        'target.zone in {"system", "workspace"}',
        'zone == "system"',
        '"system" in zones',
        '"recursive" in traits',
        'not "forced" in action.traits',
        'trait in {"recursive", "forced"}',
        'object.get(other, "anything", "") == "at all"  # "wild" in traits',
        'some catcher in object.get(data.hosts, "catchers", [])',
        'sprintf("%s", [input.tool]) != ""',
    ],
)
def test_what_a_fact_has_may_be_spoken_of(line: str) -> None:
    check_words("rules/a/a.rego", RULE.format(line=line), KNOWN)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("input.tol", r"a\.rego:4: 'tol' is no field of a call. Fix: write tool"),
        ('object.get(action, "knd", "")', r"'knd' is no field of an action. Fix: write kind"),
        ("target.zon", r"'zon' is no field of a target. Fix: write zone"),
        ('action.kind == "destory"', r"'destory' is no kind. Fix: write destroy"),
        ('object.get(target, "zone", "") in {"system", "worksace"}', r"'worksace' is no zone. Fix: write workspace"),
        ('"recursiv" in traits', r"'recursiv' is no trait. Fix: write recursive"),
        ('"forcd" in object.get(action, "traits", [])', r"'forcd' is no trait"),
        ('"sistem" in zones', r"'sistem' is no zone. Fix: write system"),
        ('trait != "qqq"', r"'qqq' is no trait. Fix: policies/schema/facts\.json has every trait"),
    ],
)
def test_what_none_has_is_named_with_its_line(line: str, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        check_words("rules/a/a.rego", RULE.format(line=line), KNOWN)


def test_a_rule_without_actions_is_checked_for_the_call_alone() -> None:
    check_words("a.rego", "hits contains x if action.wild\n", KNOWN)
    with pytest.raises(PolicyError, match="no field of a call"):
        check_words("a.rego", "hits contains x if input.wild\n", KNOWN)


def test_a_trait_in_the_catalogue_is_one_of_the_vocabulary() -> None:
    entry = {"effect": "destroy+recursive", "words": "says +nothing", "options": {"-f": "+forcd=path", "-a": "=path"}}
    found = dict(specs_of({**entry, "odd": ["+x"], "traits": "attack, guard"}, "data.catalogue.programs.rm"))
    assert found == {
        "data.catalogue.programs.rm.effect": "destroy+recursive",
        "data.catalogue.programs.rm.options.-f": "+forcd=path",
        "data.catalogue.programs.rm.traits": "+attack+guard",
    }
    check_traits("destroy+recursive=path", "here", KNOWN)
    with pytest.raises(PolicyError, match=r"here: 'forcd' is no trait. Fix: write forced"):
        check_traits("+forcd=path", "here", KNOWN)


def schema() -> object:
    return json.loads((shipped_folder() / "schema/facts.json").read_text())


def test_the_shipped_schema_knows_what_facts_look_like() -> None:
    found = read_vocabulary(schema())  # type: ignore[arg-type]
    target = Target(TargetKind.PATH, "/a")
    action = Action(Kind.READ, "ls", "ls", (target,))
    assert found.fields["call"] == set(Facts("exec", "main").to_json())
    assert found.fields["action"] == set(action.to_json())
    assert found.fields["target"] == set(target.to_json())
    assert found.words["kind"] >= {*Kind, *TargetKind}
    assert found.words["zone"] == {*Zone}
    with pytest.raises(InputError):
        read_vocabulary({})


def test_the_shipped_rules_speak_of_nothing_else() -> None:
    known = read_vocabulary(schema())  # type: ignore[arg-type]
    for name, text in shipped_bundle().rules.items():
        check_words(name, text, known)
    assert isinstance(shipped_folder(), Path)


def test_a_field_that_no_hit_has_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"a\.rego:1: 'resaon' is no field of a hit. Fix: write reason"):
        check_words("a.rego", 'hits contains {"level": "red", "resaon": "x"} if {', KNOWN)
