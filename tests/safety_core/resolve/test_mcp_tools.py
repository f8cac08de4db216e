"""A tool is taken as it is defined, or not at all; its fingerprint changes with whatever models or people go by."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.tool_call import Hint
from safety_core.resolve.mcp_tools import DEFINED_BY, WORDS, fingerprint_of, operation_of

TOOL: JsonObject = {
    "name": "add_note",
    "description": "Keep a note.",
    "inputSchema": {"properties": {"note": {"$ref": "#/$defs/Note"}}, "$defs": {"Note": {"type": "string"}}},
    "annotations": {"readOnlyHint": False, "openWorldHint": True},
}


def test_a_tool_becomes_an_operation() -> None:
    found = operation_of(TOOL)
    assert (found.name, found.words) == ("add_note", "Keep a note.")
    assert found.parameters == {"properties": {"note": {"type": "string"}}}
    assert found.hints == {Hint.WRITES, Hint.OPEN_WORLD}
    assert found.fingerprint == fingerprint_of(TOOL)
    assert operation_of({"name": "x", "inputSchema": {}, "annotations": 1}).hints == frozenset()


@pytest.mark.parametrize("field", DEFINED_BY)
def test_each_part_of_a_definition_counts(field: str) -> None:
    assert fingerprint_of({**TOOL, field: "otherwise"}) != fingerprint_of(TOOL)


def test_what_nobody_goes_by_does_not_count() -> None:
    assert fingerprint_of({**TOOL, "icons": []}) == fingerprint_of(TOOL)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": None}, "a tool: has a name that cannot"),
        ({"name": "a b"}, "a tool: has a name that cannot"),
        ({"name": ""}, "a tool: has a name that cannot"),
        ({"description": "x" * (WORDS + 1)}, "add_note: is described in more than"),
        ({"description": 1}, "is described in more than"),
        ({"inputSchema": None}, "has no schema"),
        ({"inputSchema": {"$ref": "other.json"}}, "another document"),
        ({"annotations": {"x": 2**60}}, "canonical|53|large"),
    ],
)
def test_what_cannot_be_called_is_refused(change: dict[str, Json], told: str) -> None:
    with pytest.raises(InputError, match=told):
        operation_of({**TOOL, **change})


def test_a_schema_that_is_no_object_promises_nothing() -> None:
    odd: JsonObject = {"name": "x", "inputSchema": {"$ref": "#/odd", "odd": True}}
    assert operation_of(odd).parameters == {}
