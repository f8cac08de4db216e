"""Texts that are read line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safety_core.baseline.assignments import assigned_settings


def told(text: str) -> list[tuple[str, str]]:
    return [(each.key, each.value) for each in assigned_settings(text)]


def test_sections_and_blocks_lead_the_way() -> None:
    text = '[a.b]\nx = 1\n[[c]]\ny: "two words"\nblock "n" {\n  z => \'q\'\n  inner {\n  w := 1\n  }\n}\nlast=2\n'
    assert told(text) == [
        ("a.b.x", "1"),
        ("c.y", "two words"),
        ("c.block.n.z", "q"),
        ("c.block.n.inner.w", "1"),
        ("c.last", "2"),
    ]


def test_several_in_a_line() -> None:
    assert told('Environment="A=b" C=d\n') == [("A", "b"), ("C", "d")]
    assert told("t = { a = 'x', b = 'y' }\n") == [("t", "{"), ("a", "x"), ("b", "y")]
    assert told("ENV A b\nENV C=d E=f\n") == [("A", "b"), ("C", "d"), ("E", "f")]
    assert told("call(\n  x: 1\n)\ny = 2\n") == [("x", "1"), ("y", "2")]


def test_comments_and_what_nobody_wrote_by_hand_are_none() -> None:
    assert told(f"# a = 1\n; b = 2\n// c = 3\n-- d = 4\nlong = {'x' * 5000}\n") == []


@given(st.text())
def test_every_value_stands_where_it_is_said_to(text: str) -> None:
    for each in assigned_settings(text):
        assert each.value in text[each.start : each.end]
