"""What differs between two configurations can be taken back, and nothing else is."""

from __future__ import annotations

import copy
import json

from hypothesis import given
from hypothesis import strategies as st

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.changes import ABSENT, changes, from_json, to_json, undone
from safety_core.wire.reader import Reader

LEAF = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"]) | st.lists(st.integers(0, 2))
TREE = st.dictionaries(
    st.sampled_from("xyz"), st.recursive(LEAF, lambda below: st.dictionaries(st.sampled_from("xyz"), below)), max_size=3
)


def strict(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@given(TREE, TREE)
def test_undone_gives_back_what_was_there(before: JsonObject, after: JsonObject) -> None:
    made = changes(before, after)
    tree, left = undone(after, made)
    assert strict(tree) == strict(before)
    assert not left
    assert (not made) == (strict(before) == strict(after))


@given(TREE, TREE)
def test_changes_survive_being_written_down(before: JsonObject, after: JsonObject) -> None:
    made = changes(before, after)
    body = Reader.parse(json.dumps({"changes": to_json(made)}), "record")
    assert from_json(body.objects("changes")) == made


@given(TREE, TREE)
def test_neither_side_is_touched(before: JsonObject, after: JsonObject) -> None:
    kept = copy.deepcopy((before, after))
    undone(after, changes(before, after))
    assert (before, after) == kept


def test_what_others_added_beside_ours_stays() -> None:
    made = changes({}, {"plugins": {"entries": {"ours": {"enabled": True}}}})
    tree, left = undone({"plugins": {"entries": {"ours": {"enabled": True}, "theirs": {}}}}, made)
    assert tree == {"plugins": {"entries": {"theirs": {}}}}
    assert not left


def test_what_others_changed_of_ours_stays_and_is_named() -> None:
    made = changes({"a": {"x": 1}, "b": 1}, {"a": {"x": 2}, "b": 2})
    tree, left = undone({"a": {"x": 3}, "b": 2}, made)
    assert tree == {"a": {"x": 3}, "b": 1}
    assert [change.name for change in left] == ["a.x"]


def test_what_others_took_away_does_not_come_back() -> None:
    made = changes({"a": {"x": 1}}, {"a": {"x": 2, "y": 3}})
    tree, left = undone({}, made)
    assert tree == {}
    assert [change.name for change in left] == ["a.x"]


def test_true_is_not_one() -> None:
    (change,) = changes({"a": 1}, {"a": True})
    assert (change.before, change.after) == (1, True)
    assert changes({}, {"a": None})[0].before is ABSENT
