"""Edits, and the way back."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from safety_core.match.layer import Edit, Layer, edited, substituted


def test_positions_go_back_through_every_edit() -> None:
    root = Layer("ab%41%42cd")
    layer = substituted(root, re.compile("%(..)"), lambda found: chr(int(found[1], 16)))
    assert layer is not None
    assert layer.text == "abABcd"
    assert layer.origin(0, 2) == (0, 2)
    assert layer.origin(2, 3) == (2, 5)
    assert layer.origin(1, 5) == (1, 9)
    assert layer.origin(5, 6) == (9, 10)


def test_layers_on_layers_lead_to_the_first() -> None:
    root = Layer("x<b>yz")
    first = edited(root, [Edit(1, 4, "")])
    second = edited(first, [Edit(1, 3, "QQQ")])
    assert second.text == "xQQQ"
    assert second.origin(1, 2) == (4, 6)


def test_no_match_is_no_layer() -> None:
    assert substituted(Layer("abc"), re.compile("z"), lambda _: "") is None


def test_squeezed_bytes_lead_to_characters() -> None:
    layer = Layer("a-B c")
    assert layer.squeezed == b"abc"
    assert layer.unsqueezed(0, 2) == (0, 3)
    assert layer.unsqueezed(2, 3) == (4, 5)


@given(st.text(alphabet="ab<>", max_size=30))
def test_what_was_not_edited_is_where_it_was(text: str) -> None:
    layer = substituted(Layer(text), re.compile("<a?>?"), lambda found: "#" * (len(found[0]) // 2))
    if layer is not None:
        for at, mark in enumerate(layer.text):
            start, end = layer.origin(at, at + 1)
            assert mark == "#" or text[start:end] == mark
