"""Edits, and the way back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safety_core.match.layer import Edit, Layer, edited, flatten, masked, unescaped


def test_positions_go_back_through_every_edit() -> None:
    layer = unescaped(Layer(b"ab%41%42cd"))
    assert layer is not None
    assert layer.flat == b"abABcd"
    assert layer.origin(0, 2) == (0, 2)
    assert layer.origin(2, 3) == (2, 5)
    assert layer.origin(1, 5) == (1, 9)
    assert layer.origin(5, 6) == (9, 10)


def test_layers_on_layers_lead_to_the_first() -> None:
    root = Layer(b"x<b>yz")
    first = edited(root, [Edit(1, 4, b"")])
    second = edited(first, [Edit(1, 3, b"QQQ")])
    assert second.flat == b"xQQQ"
    assert second.origin(1, 2) == (4, 6)


def test_a_mask_is_one_boundary() -> None:
    layer = masked(Layer(b"a SECRET b SECRET"), [(11, 17), (2, 8)])
    assert layer.flat == b"a \xff b \xff"
    assert layer.origin(2, 3) == (2, 8)
    assert layer.changed(0, 1)


def test_no_escape_is_no_layer() -> None:
    assert unescaped(Layer(b"abc")) is None


def test_a_partial_layer_knows_what_is_new_in_it() -> None:
    layer = unescaped(Layer(b"abcdef%41ghijkl"))
    assert layer is not None
    assert [layer.changed(*place) for place in ((0, 5), (0, 6), (6, 7), (7, 9), (8, 9))] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_squeezed_bytes_lead_to_characters() -> None:
    layer = Layer(b"a-B c")
    assert layer.squeezed == b"abc"
    assert layer.unsqueezed(0, 2) == (0, 3)
    assert layer.unsqueezed(2, 3) == (4, 5)


@given(st.text(alphabet="ab%41<>&;#6", max_size=60))
def test_what_was_not_edited_is_where_it_was(text: str) -> None:
    layer = unescaped(Layer(flatten(text)))
    if layer is not None:
        for at, byte in enumerate(layer.flat):
            start, end = layer.origin(at, at + 1)
            assert end - start > 1 or flatten(text)[start] == byte
