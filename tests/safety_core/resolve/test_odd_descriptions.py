"""A description is somebody else's data: whatever stands in it, it is read or refused, and so is each call of it."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.canonical import JsonObject
from safety_core.errors import ExecutionError, InputError
from safety_core.model.connection import Connection
from safety_core.model.secret import SecretName
from safety_core.resolve.mcp_tools import operation_of
from safety_core.resolve.openapi import operations_of
from safety_core.resolve.rest import rest_plan
from safety_core.resolve.schema import check_arguments
from tests.simulators.shop import description

SECRETS = dict.fromkeys(("token", "key", "password"), SecretName("S"))
SHOP = Connection("shop", "rest", "https://shop.example/v1", secrets=SECRETS)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
ANY = st.recursive(
    PLAIN | st.just("#/components/schemas/Item"),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("$ref"), below, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def odd(draw: st.DrawFn, whole: JsonObject) -> Any:
    """Return `whole` with something else in one of its places."""
    document: Any = copy.deepcopy(whole)
    at = document
    while isinstance(at, dict | list) and at:
        key = draw(st.sampled_from([*at] if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or draw(st.integers(0, 3)) == 0:
            at[key] = draw(ANY)
            break
        at = at[key]
    return document


@settings(max_examples=300)
@given(odd(description("https://shop.example")), st.dictionaries(st.text(max_size=8), ANY, max_size=2))
def test_an_odd_description_is_read_or_refused(document: Any, arguments: Any) -> None:
    try:
        operations = operations_of(document).operations
    except InputError:
        return
    for operation in operations.values():
        given = {**dict.fromkeys(operation.parameters.get("required") or (), "o1"), **arguments}  # type: ignore[arg-type,type-var]
        try:
            url = rest_plan(SHOP, operation, given, 5.0).url
        except (ExecutionError, InputError):
            continue
        assert url.startswith("https://shop.example/v1/")


TOOL: JsonObject = {
    "name": "add",
    "description": "Add",
    "inputSchema": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}},
    "annotations": {"readOnlyHint": True},
}


@given(odd(TOOL), st.dictionaries(st.just("a") | st.text(max_size=8), ANY, max_size=2))
def test_an_odd_tool_is_read_or_refused_and_so_is_each_call(tool: Any, arguments: Any) -> None:
    try:
        operation = operation_of(tool)
        check_arguments(arguments, operation.parameters, operation.name)
    except (InputError, ExecutionError):
        return
    assert operation.name
