"""The index: which rules are asked, and the module that says the same to every engine."""

from __future__ import annotations

import json

import pytest
import regorus
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.index import Guard, RuleIndex, build_index, main_module, read_index
from safety_core.bundle.rules import RuleHead
from safety_core.errors import InputError

HEADS = [
    RuleHead("any", "", ""),
    RuleHead("destroys", "", "", kinds=("destroy", "write")),
    RuleHead("gits", "", "", subjects=("git", "hub")),
    RuleHead("pushes", "", "", kinds=("outward",), subjects=("git",)),
]


def test_a_rule_is_asked_only_where_it_can_fire() -> None:
    index = RuleIndex(read_index(build_index(HEADS)))
    assert index.candidates([]) == ["any"]
    assert index.candidates([("destroy", "rm")]) == ["any", "destroys"]
    assert index.candidates([("outward", "git"), ("read", "ls")]) == ["any", "gits", "pushes"]
    assert index.candidates([("outward", "mail"), ("read", "git")]) == ["any", "gits"]


WORDS = st.sampled_from(["a", "b", "c"])
GUARDS = st.dictionaries(st.sampled_from("rstuv"), st.tuples(st.frozensets(WORDS), st.frozensets(WORDS)))


@given(GUARDS, st.lists(st.tuples(WORDS, WORDS)))
def test_the_index_says_what_the_guards_say(guards: dict, actions: list) -> None:  # type: ignore[type-arg]
    expected = [
        rule
        for rule, (kinds, subjects) in sorted(guards.items())
        if not (kinds or subjects)
        or any((not kinds or kind in kinds) and (not subjects or subject in subjects) for kind, subject in actions)
    ]
    assert RuleIndex(guards).candidates(actions) == expected


def asked(guards: dict[str, Guard], actions: list[tuple[str, str]]) -> list[str]:
    """Return what the generated module asks, as an engine runs it."""
    heads = [RuleHead(rule, "", "", tuple(kinds), tuple(subjects)) for rule, (kinds, subjects) in guards.items()]
    engine = regorus.Engine()
    engine.add_policy("main", main_module(build_index(heads), "r", "f"))
    engine.set_input_json(json.dumps({"actions": [{"kind": kind, "subject": subject} for kind, subject in actions]}))
    found: list[str] = json.loads(engine.eval_rule_as_json("data.safety.asked"))
    return found


@given(GUARDS, st.lists(st.tuples(WORDS, WORDS)))
def test_the_generated_module_asks_the_same_rules(guards: dict, actions: list) -> None:  # type: ignore[type-arg]
    assert asked(guards, actions) == RuleIndex(guards).candidates(actions)


def test_the_generated_module_says_what_it_is_of() -> None:
    text = main_module(build_index(HEADS), 'r"1', "abc")
    assert 'answer := {"hits": hits, "revision": "r\\"1"}' in text
    assert 'fingerprint := "abc"' in text


def test_however_many_rules_there_are_a_call_asks_those_that_concern_it() -> None:
    guards = {f"r{n}": (frozenset({"read"}), frozenset({f"tool{n // 3}", "all"})) for n in range(10_000)}
    index = RuleIndex(guards)
    assert index.candidates([("read", "tool7"), ("write", "all"), ("destroy", "tool8")]) == ["r21", "r22", "r23"]


def test_an_index_of_another_shape_is_refused() -> None:
    with pytest.raises(InputError, match=r"data\.index\.a\.kinds: is missing"):
        read_index({"a": {}})
