"""What people fill in."""

from __future__ import annotations

import pytest

from safety_core.blueprint.blanks import LINE, MANY, checked, filled_in
from safety_core.canonical import Json
from safety_core.errors import InputError
from safety_core.model.blueprint import Input, InputType
from tests.safety_core.blueprint.conftest import parsed


def blank(kind: str, **changes: object) -> Input:
    return Input("it", InputType(kind), "What?", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "Ann", "Ann"),
        ("words", "two\nlines", "two\nlines"),
        ("email", "ann@example.com", "ann@example.com"),
        ("number", "1.50", 1.5),
        ("number", "15000", 15000),
        ("integer", "-7", -7),
        ("date", "2027-01-31", "2027-01-31"),
        ("moment", "2027-01-31T09:30", "2027-01-31T09:30:00"),
    ],
)
def test_a_value_of_each_kind(kind: str, text: str, value: Json) -> None:
    assert checked(blank(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text", ""),
        ("text", "two\nlines"),
        ("text", "x" * (LINE + 1)),
        ("words", " "),
        ("words", "x" * (MANY + 1)),
        ("email", "ann"),
        ("email", "ann@example.com, bob@example.com"),
        ("email", "Ann <ann@example.com>"),
        ("number", "many"),
        ("number", "nan"),
        ("integer", "1.5"),
        ("date", "tomorrow"),
        ("moment", "soon"),
    ],
)
def test_what_is_not_of_its_kind_is_refused_by_name(kind: str, text: str) -> None:
    with pytest.raises(InputError, match="input it"):
        checked(blank(kind), text)


def test_choices_and_patterns_bind() -> None:
    assert checked(blank("text", choices=("a", "b")), "b") == "b"
    with pytest.raises(InputError, match="one of a, b"):
        checked(blank("text", choices=("a", "b")), "c")
    with pytest.raises(InputError, match="is no answer to: What"):
        checked(blank("text", pattern="[A-Z]{2}-[0-9]+"), "AB-1x")


def test_blanks_are_filled_in_or_missed_by_name() -> None:
    assert filled_in(parsed(), {"sender": "ann@example.com"}) == {"days": 3, "sender": "ann@example.com"}
    with pytest.raises(InputError, match="From whom"):
        filled_in(parsed(), {})
    with pytest.raises(InputError, match="is not known"):
        filled_in(parsed(), {"sender": "ann@example.com", "other": "x"})
