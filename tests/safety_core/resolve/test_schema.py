"""A slip in the arguments is told before anybody is asked."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.errors import ExecutionError
from safety_core.resolve.schema import DEEPEST, check_arguments


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, 1),
        (True, 1),
        ("no schema", 1),
        ({"type": "string"}, "SECRET_REF(a)"),
        ({"type": "integer"}, 3),
        ({"type": "integer"}, 3.0),
        ({"type": "number"}, 3.5),
        ({"type": "number"}, 3),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, None),
        ({"type": "string", "nullable": True}, None),
        ({"type": "sort of"}, 1),
        ({"enum": ["a", 1]}, "a"),
        ({"const": 1}, 1),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 1),
        ({"oneOf": []}, 1),
        ({"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ({"type": "array"}, ["a", 1]),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "x", "b": 1}),
        ({"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": False}, {"xy": 1}),
        ({"properties": "none", "required": "none"}, {"a": 1}),
        ({"required": ["b", ["odd"]]}, {"b": 1}),
    ],
)
def test_what_fits_passes(schema: Json, value: Json) -> None:
    check_arguments({"a": value}, {"properties": {"a": schema}}, "t")


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        (False, 1, "argument a of tool t: is not taken"),
        ({"type": "string"}, 1, "argument a of tool t: must be string"),
        ({"type": ["string", "null"]}, 1, "must be string or null"),
        ({"type": "string"}, None, "must be string"),
        ({"type": "integer"}, 3.5, "must be integer"),
        ({"type": "integer"}, True, "must be integer"),
        ({"type": "number"}, "1", "must be number"),
        ({"type": "boolean"}, 0, "must be boolean"),
        ({"type": "object"}, [], "must be object"),
        ({"type": "array"}, {}, "must be array"),
        ({"enum": ["a", "b"]}, "c", "must be one of a, b"),
        ({"const": "a"}, "b", "must be a"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "fits none of the 2 forms"),
        ({"items": {"type": "integer"}}, [1, "x"], r"argument a\[1\] of tool t: must be integer"),
        ({"required": ["b"]}, {}, "argument a.b of tool t: is missing"),
        ({"properties": {"b": {"items": {"const": 1}}}}, {"b": [2]}, r"argument a.b\[0\] of tool t: must be 1"),
        ({"properties": {}, "additionalProperties": False}, {"c": 1}, "argument a.c of tool t: is not taken"),
    ],
)
def test_what_does_not_fit_is_named(schema: Json, value: Json, told: str) -> None:
    with pytest.raises(ExecutionError, match=told):
        check_arguments({"a": value}, {"properties": {"a": schema}}, "t")


def test_a_wrong_whole_is_named_by_its_tool() -> None:
    with pytest.raises(ExecutionError, match="tool t: must be array"):
        check_arguments({}, {"type": "array"}, "t")


def test_what_lies_too_deep_is_left_to_the_service() -> None:
    schema: JsonObject = {"type": "string"}
    value: Json = 1
    for _ in range(DEEPEST + 1):
        schema, value = {"items": schema}, [value]
    check_arguments({"a": value}, {"properties": {"a": schema}}, "t")


@pytest.mark.parametrize("rule", [{"anyOf": [{"const": n} for n in range(1000)]}, {"enum": [*range(1000)]}])
def test_a_strangers_schema_takes_no_more_looks_than_there_is_time_for(rule: Json) -> None:
    schema: JsonObject = {"properties": {"a": {"items": rule}}}
    check_arguments({"a": [7] * 100}, schema, "t")
    with pytest.raises(ExecutionError):
        check_arguments({"a": [7] * 100_000}, schema, "t")
