"""The index: which rules are asked, and the module that says the same to every engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.index import RuleIndex, build_index, main_module, read_index
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


def test_the_generated_module_holds_the_guards_and_the_revision() -> None:
    text = main_module(build_index(HEADS), 'r"1')
    assert 'answer := {"hits": hits, "revision": "r\\"1"}' in text
    assert (
        'action.kind in {"outward"}\n\taction.subject in {"git"}\n\tsome hit in data.safety.rules.pushes.hits' in text
    )


def test_an_index_of_another_shape_is_refused() -> None:
    with pytest.raises(InputError, match=r"data\.index\.a\.kinds: is missing"):
        read_index({"a": {}})
