"""Templates bring values, and nothing but values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.blueprint.template import (
    WRITTEN,
    Values,
    depends,
    filled,
    filled_address,
    filled_known,
    filled_path,
    found,
    meant,
    paths_in,
)
from safety_core.canonical import Json
from safety_core.errors import InputError

ROWS: Json = {"rows": [{"email": "ann@example.com", "id": 7}], "ok": True, "rate": 1.5}
VALUES = Values({"client": "Ann", "days": 3}, {"orders": ROWS, "left": None}, {"id": "r1"}, {"id": 9})


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("{{inputs.days}}", 3),
        ("{{inputs.client}} and {{inputs.days}}", "Ann and 3"),
        ("{{steps.orders.output.rows.0.email}}", "ann@example.com"),
        ("{{steps.orders.output.rows}}", [{"email": "ann@example.com", "id": 7}]),
        ("{{steps.orders.output}}", ROWS),
        ("is {{steps.orders.output.ok}}, {{steps.orders.output.rate}}", "is yes, 1.5"),
        ("{{item.id}}", 9),
        ("{{run.id}}", "r1"),
        (["{{inputs.days}}", {"deep": "{{inputs.client}}"}, 4], [3, {"deep": "Ann"}, 4]),
    ],
)
def test_a_template_means_a_value(template: Json, value: Json) -> None:
    assert filled(template, VALUES) == value
    assert filled({"one": template}, VALUES) == {"one": value}


@pytest.mark.parametrize(
    "path", ["orders.output.rows.1.email", "orders.output.rows.x", "orders.output.ok.x", "left.output"]
)
def test_what_means_nothing_is_no_argument_and_can_be_looked_at(path: str) -> None:
    with pytest.raises(InputError, match="is nothing"):
        filled(["{{steps." + path + "}}"], VALUES)
    assert meant("{{steps." + path + "}}", VALUES) is None
    assert meant("{{inputs.client}}!", VALUES) == "Ann!"


def test_what_was_left_out_is_nothing_and_cannot_be_written() -> None:
    assert found(("steps", "left"), VALUES) is None
    with pytest.raises(InputError, match="is nothing"):
        filled("so: {{steps.left.output}}", VALUES)
    with pytest.raises(InputError, match="cannot stand in a text"):
        filled("so: {{steps.orders.output.rows}}", VALUES)
    assert filled("no: {{steps.no.output.x}}", Values(steps={"no": {"x": False}})) == "no: no"


@pytest.mark.parametrize(
    "text",
    ["{{inputs.a", "inputs.a}}", "{{}}", "{{ inputs.a }}", "{{secrets.a}}", "{{inputs.a|shell}}", "{{inputs..a}}"],
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        list(paths_in({"deep": [text]}))


def test_a_name_takes_no_template() -> None:
    with pytest.raises(InputError, match="stands in a name"):
        list(paths_in({"{{inputs.a}}": 1}))
    assert list(paths_in([1, None, "{{inputs.a}}"])) == [("inputs", "a")]


@given(st.text(max_size=40))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    tricky = value + "{{inputs.other}}"
    values = Values({"client": tricky, "other": "secret"})
    assert filled("{{inputs.client}}", values) == tricky
    assert filled("a {{inputs.client}} b", values) == f"a {tricky} b"


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isascii()))
def test_a_value_stays_one_piece_of_an_address(value: str) -> None:
    url = filled_address("https://shop.example/orders/{{inputs.client}}/lines", Values({"client": value}))
    assert url.startswith("https://shop.example/orders/")
    assert url.endswith("/lines")
    assert not set(url[28:-6]) & set("/?#@: ")


@pytest.mark.parametrize("value", ["../x", "a/b", ".ssh", "", "a b", "x" * 101])
def test_a_value_leads_no_path_elsewhere(value: str) -> None:
    with pytest.raises(InputError, match="part of a file's name"):
        filled_path("notes/{{inputs.client}}.txt", Values({"client": value}))


def test_a_plain_value_is_a_part_of_a_files_name() -> None:
    assert filled_path("notes/{{inputs.client}}.txt", VALUES) == "notes/Ann.txt"


def test_a_text_has_a_limit() -> None:
    with pytest.raises(InputError, match="more than"):
        filled("{{inputs.client}}{{inputs.client}}", Values({"client": "x" * WRITTEN}))


def test_what_is_known_beforehand_is_filled_and_the_rest_is_left() -> None:
    raw: Json = {"a": ["{{inputs.days}}", "{{steps.orders.output.x}}", "{{inputs.client}}: {{item.id}}", 1]}
    assert filled_known(raw, VALUES) == {"a": [3, "{{steps.orders.output.x}}", "Ann: {{item.id}}", 1]}
    assert depends(raw)
    assert not depends(["{{inputs.days}}", "{{run.id}}"])
    assert json.dumps(raw)
