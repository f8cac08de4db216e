"""YAML, JSON and JSON5 -> settings at their places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.baseline.json5 import MalformedError, compose
from safety_core.baseline.tree import json_settings, yaml_settings


def test_places_are_characters() -> None:
    text = "näme: 'wört'\n\U0001f600: x\nlist:\n  - {a: 1, b: true, c: null}\n? [odd]\n: y\n"
    found = [(each.key, each.value, text[each.start : each.end]) for each in yaml_settings(text)]
    assert found == [
        ("näme", "wört", "'wört'"),
        ("\U0001f600", "x", "x"),
        ("list[0].a", "1", "1"),
        ("?", "y", "y"),
    ]


def test_json5_is_read_as_it_is_written() -> None:
    text = "// head\n{a: 'x\\'y', /* b */ \"b\": [1, 'two',], c: {d: \"\\u0041\\n\\q\"}, e: null, f: true}"
    found = [(each.key, each.value) for each in json_settings(text)]
    assert found == [("a", "x'y"), ("b[0]", "1"), ("b[1]", "two"), ("c.d", "A\nq")]


@pytest.mark.parametrize(
    "text", ["", "{", "{a", "{a:1", "{a:1 b:2}", "[1 2]", "}", "{}{}", "'open", "{[]:1}", "[" * 70, "{a:1,"]
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        compose(text)


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\x01", "[" * 5000])
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        yaml_settings(text)


def test_what_is_nested_too_deep_is_left() -> None:
    assert yaml_settings("[" * 90 + "x" + "]" * 90) == []


TEXTS = st.text(st.characters(exclude_characters="=", exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_every_text_of_a_json_value_is_found_where_it_stands(value: object) -> None:
    text = json.dumps(value)
    found = [each.value for each in json_settings(text) if text[each.start] == '"']
    assert sorted(found) == sorted(_texts(value))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    below = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [text for item in below for text in _texts(item)]
