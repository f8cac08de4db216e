"""A form over arguments gives back exactly what was not touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.console.change import fields, read
from safety_core.errors import InputError

PARAMS = {"to": "jo@customer.example", "copies": 2, "urgent": True, "list": ["a"], "none": None}


def form_of(params: dict) -> dict[str, str]:  # type: ignore[type-arg]
    """Return what a browser sends when nobody touched the form."""
    shown = {field.name: field.text for field in fields(params, {})}
    return {name: text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") for name, text in shown.items()}


def test_one_field_is_changed() -> None:
    form = form_of(PARAMS)
    name = next(field.name for field in fields(PARAMS, {}) if field.argument.name == "copies")
    assert read(PARAMS, {**form, name: "3"}) == {**PARAMS, "copies": 3}


@pytest.mark.parametrize("text", ["two", "true", '"2"', "NaN", "[2", ""])
def test_a_number_stays_one(text: str) -> None:
    form = form_of(PARAMS)
    name = next(field.name for field in fields(PARAMS, {}) if field.argument.name == "copies")
    with pytest.raises(InputError, match="must be a number"):
        read(PARAMS, {**form, name: text})
    wrong = [field for field in fields(PARAMS, {**form, name: text}) if field.wrong]
    assert [(field.argument.name, field.text) for field in wrong] == [("copies", text)]


def test_the_whole_is_one_object() -> None:
    assert read(PARAMS, {"arguments": '{"to": "ann"}'}) == {"to": "ann"}
    for text in ("[]", "{", '{"a": 1, "a": 2}'):
        with pytest.raises(InputError):
            read(PARAMS, {"arguments": text})


def test_line_ends_stay_as_the_agent_wrote_them() -> None:
    params = {"body": "one\r\ntwo", "other": "a\nb"}
    changed = read(params, {**form_of(params), "argument-0": "one\r\n2"})
    assert changed == {"body": "one\r\n2", "other": "a\nb"}


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.none()))
def test_what_nobody_touched_is_the_same(params: dict) -> None:  # type: ignore[type-arg]
    if not params:
        return
    with pytest.raises(InputError, match="are the same as before"):
        read(params, form_of(params))
