"""References are resolved inside of their own document, whatever they lead to."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError, LimitError
from safety_core.resolve.inlined import DEEPEST, Inliner

DOCUMENT: JsonObject = {
    "defs": {
        "name": {"type": "string"},
        "pair": {"properties": {"a": {"$ref": "#/defs/name"}, "b": {"$ref": "#/defs/name"}}},
        "tree": {"properties": {"below": {"items": {"$ref": "#/defs/tree"}}}},
        "a/b~c": {"const": 1},
        "ways": [{"const": "first"}, {"$ref": "#/defs/name"}],
        "again": {"$ref": "#/defs/again"},
        "far": {"$ref": "https://elsewhere.example/x.json"},
        "text": "plain",
    }
}


def inlined(value: Json) -> Json:
    return Inliner(DOCUMENT).inlined(value, "x")


def test_references_become_what_they_refer_to() -> None:
    text: JsonObject = {"type": "string"}
    assert inlined({"$ref": "#/defs/pair"}) == {"properties": {"a": text, "b": text}}
    assert inlined({"$ref": "#/defs/a~1b~0c"}) == {"const": 1}
    assert inlined({"$ref": "#/defs/ways/0"}) == {"const": "first"}
    assert inlined([{"$ref": "#/defs/ways/1"}, 1]) == [text, 1]
    assert inlined({"type": "string", "$defs": {"left": "out"}}) == text
    assert inlined({"$ref": 1}) == {"$ref": 1}


def test_what_contains_itself_ends_in_anything() -> None:
    assert inlined({"$ref": "#/defs/tree"}) == {"properties": {"below": {"items": {}}}}
    small: JsonObject = {"a": {"$ref": "#"}}
    assert Inliner(small).inlined(small, "x") == {"a": {"a": {}}}
    deep: Json = 1
    for _ in range(DEEPEST + 5):
        deep = [deep]
    assert str(inlined(deep)) == "[" * (DEEPEST + 1) + "{}" + "]" * (DEEPEST + 1)


@pytest.mark.parametrize(
    ("pointer", "told"),
    [
        ("https://elsewhere.example/x.json", "another document"),
        ("other.json#/a", "another document"),
        ("#/defs/none", "is not there"),
        ("#/defs/ways/2", "is not there"),
        ("#/defs/ways/x", "is not there"),
        ("#/defs/text/x", "is not there"),
    ],
)
def test_a_reference_that_leads_away_is_refused(pointer: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        inlined({"a": {"$ref": pointer}})


def test_few_lines_that_stand_for_a_great_many_are_refused() -> None:
    document: JsonObject = {"l0": {"const": 1}}
    for level in range(1, 20):
        document[f"l{level}"] = {"anyOf": [{"$ref": f"#/l{level - 1}"}] * 10}
    with pytest.raises(LimitError, match="values once its references"):
        Inliner(document).inlined({"$ref": "#/l19"}, "x")


def test_only_the_outermost_reference_is_resolved_where_that_is_asked() -> None:
    inliner = Inliner(DOCUMENT)
    assert inliner.resolved({"$ref": "#/defs/pair"}, "x")["properties"] == DOCUMENT["defs"]["pair"]["properties"]  # type: ignore[index,call-overload]
    assert inliner.resolved("text", "x") == {}
    with pytest.raises(InputError, match="leads back to itself"):
        inliner.resolved({"$ref": "#/defs/again"}, "x")
