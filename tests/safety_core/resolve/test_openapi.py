"""A description becomes operations with flat arguments; what cannot be called is left out with the reason."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from safety_core.canonical import JsonObject
from safety_core.errors import InputError
from safety_core.model.connection import Operation
from safety_core.model.tool_call import Hint
from safety_core.resolve import openapi
from safety_core.resolve.openapi import operations_of
from tests.simulators.shop import description

SHOP: JsonObject = description("http://shop.example")


def one(operation: JsonObject, method: str = "post", path: str = "/things", **document: Any) -> Operation:
    """Return the only operation of a description that has no other."""
    return next(iter(whole({path: {method: operation}}, **document).operations.values()))


def whole(paths: JsonObject, **document: Any) -> openapi.Described:
    return operations_of({"openapi": "3.0.3", "paths": paths, **document})


def left_out(operation: JsonObject, path: str = "/things", **document: Any) -> str:
    found = whole({path: {"post": operation}}, **document)
    assert not found.operations
    return next(iter(found.left_out.values()))


def body(schema: Any, kind: str = "application/json", *, required: bool = True) -> JsonObject:
    return {"requestBody": {"required": required, "content": {kind: {"schema": schema}}}}


def test_every_operation_of_the_shop_is_there() -> None:
    found = operations_of(SHOP)
    assert found.left_out == {}
    assert [*found.operations] == [
        "list_products", "get_product", "list_orders", "create_order", "get_order", "update_order", "delete_order",
        "refund_order", "get_stock", "report",
    ]  # fmt: skip
    refund = found.operations["refund_order"]
    assert refund.words == "Pay money back to the customer"
    assert refund.parameters["required"] == ["order_id", "amount"]
    assert [*refund.parameters["properties"]] == ["order_id", "amount", "reason"]  # type: ignore[misc]
    assert refund.detail == {
        "method": "POST", "path": "/orders/{order_id}/refunds", "places": {"order_id": "path"}, "keyed": True,
        "security": [[{"by": "bearer"}]], "type": "application/json", "fields": ["amount", "reason"],
    }  # fmt: skip


def test_what_a_method_does_makes_a_call_graver() -> None:
    found = operations_of(SHOP).operations
    assert found["list_orders"].hints == frozenset()
    assert found["create_order"].hints == found["update_order"].hints == {Hint.WRITES}
    assert found["delete_order"].hints == {Hint.WRITES, Hint.DESTRUCTIVE}


def test_the_fingerprint_changes_with_what_would_be_sent() -> None:
    changed = copy.deepcopy(SHOP)
    changed["paths"]["/orders"]["post"]["summary"] = "Take another order"  # type: ignore[index,call-overload]
    before, after = operations_of(SHOP).operations, operations_of(changed).operations
    assert before["create_order"].fingerprint != after["create_order"].fingerprint
    assert before["get_order"].fingerprint == after["get_order"].fingerprint


@pytest.mark.parametrize(
    "document", [{"swagger": "2.0", "paths": {}}, {"openapi": 3, "paths": {}}, {"openapi": "3.1.0"}, {"openapi": "4.0"}]
)
def test_what_is_no_description_is_refused(document: JsonObject) -> None:
    with pytest.raises(InputError, match="the description"):
        operations_of(document)


def test_a_name_is_made_up_where_there_is_none() -> None:
    assert one({"parameters": [{"name": "id", "in": "path"}]}, "delete", "/v1/users/{id}").name == "delete_v1_users_id"
    assert one({"operationId": "users/list all"}, "get").name == "users_list_all"
    assert one({"operationId": "\u202e"}, "get").name == "get"


def test_two_of_one_name_and_too_many_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "MOST", 2)
    found = whole({f"/{each}": {"get": {"operationId": each.strip("2")}} for each in ("a", "a2", "b", "c")})
    assert [*found.operations] == ["a", "b"]
    assert found.left_out == {
        "GET /a2": "has a name that another operation has, too",
        "c": "is one of more than 2",
    }


def test_what_is_no_path_or_no_operation_is_passed_over() -> None:
    assert whole({"x-note": {"get": {}}, "/a": {"get": "no", "summary": "x"}, "/b": {"trace": {}}}).operations == {}


def test_an_operation_overrides_a_parameter_of_its_path() -> None:
    path: JsonObject = {
        "parameters": [{"name": "id", "in": "path"}, {"name": "q", "in": "query", "required": True}],
        "get": {"parameters": [{"name": "q", "in": "query", "description": "look for", "schema": {"type": "string"}}]},
    }
    found = whole({"/things/{id}": path}).operations["get_things_id"]
    assert found.parameters["required"] == ["id"]
    assert found.parameters["properties"] == {"id": {}, "q": {"type": "string", "description": "look for"}}


def test_headers_that_are_not_the_callers_are_passed_over() -> None:
    headers = ["Accept", "Authorization", "Idempotency-Key", "X-Shop"]
    parameters: list[Any] = [{"name": name, "in": "header", "required": True} for name in headers]
    found = one({"parameters": [*parameters, {"name": "c", "in": "cookie"}]})
    assert found.parameters["properties"] == {"X-Shop": {}}
    assert found.detail["keyed"] is True


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ({"name": "c", "in": "cookie", "required": True}, "parameter c in a place"),
        ({"name": "q", "in": "query", "content": {"application/json": {}}}, "place or form"),
        ({"$ref": "elsewhere.json"}, "another document"),
    ],
)
def test_a_parameter_that_cannot_be_given_leaves_its_operation_out(parameter: JsonObject, told: str) -> None:
    assert told in left_out({"parameters": [parameter]})


def test_a_name_in_two_places_and_a_path_without_its_parameter_are_left_out() -> None:
    twice: JsonObject = {"parameters": [{"name": "id", "in": "query"}, {"name": "id", "in": "header"}]}
    assert "two parameters id" in left_out(twice)
    assert "no parameter for {id}" in left_out({}, "/things/{id}")


def test_a_body_is_flat_where_it_is_a_plain_object() -> None:
    schema = {"type": "object", "required": ["a", ["odd"]], "properties": {"a": {"type": "string"}, "b": {}}}
    found = one(body(schema))
    assert (found.detail["fields"], found.parameters["required"]) == (["a", "b"], ["a"])
    assert one(body(schema, required=False)).parameters["required"] == []


def test_parts_of_an_object_are_one() -> None:
    part = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    found = one(body({"allOf": [part, {"allOf": [{"properties": {"b": {}}}]}], "properties": {"c": {}}}))
    assert found.detail["fields"] == ["c", "a", "b"]
    assert "whole" in one(body({"allOf": [part, {"anyOf": [part]}]})).detail


@pytest.mark.parametrize(
    "schema", [{"type": "array"}, {"properties": {"id": {}}}, {"properties": {"a": {}}, "oneOf": []}]
)
def test_any_other_body_is_one_argument(schema: JsonObject) -> None:
    found = one({**body(schema, "application/hal+json; v=1"), "parameters": [{"name": "id", "in": "query"}]})
    assert (found.detail["whole"], found.detail["type"]) == ("body", "application/json")
    assert found.parameters["required"] == ["body"]
    assert one(body(["odd"], required=False)).parameters["required"] == []


def test_a_body_that_cannot_be_written_leaves_its_operation_out() -> None:
    assert "multipart/form-data, which is not supported" in left_out(body({}, "multipart/form-data"))
    assert one(body({}, "text/plain", required=False)).detail.get("type") is None
    named: JsonObject = {**body({"type": "array"}), "parameters": [{"name": "body", "in": "query"}]}
    assert "name body" in left_out(named)


SCHEMES: JsonObject = {
    "key": {"type": "apiKey", "in": "query", "name": "k"},
    "head": {"type": "apiKey", "in": "header", "name": "X-K"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "c"},
    "login": {"type": "oauth2"},
    "basic": {"type": "http", "scheme": "Basic"},
    "odd": {"type": "mutualTLS"},
}


@pytest.mark.parametrize(
    ("security", "ways"),
    [
        ([], [[]]),
        ([{}], [[]]),
        ([{"key": []}], [[{"by": "query", "name": "k"}]]),
        ([{"head": [], "basic": []}], [[{"by": "header", "name": "X-K"}, {"by": "basic"}]]),
        ([{"key": []}, {"login": ["read"]}], [[{"by": "query", "name": "k"}], [{"by": "bearer"}]]),
        ([{"odd": []}, {"login": []}], [[{"by": "bearer"}]]),
    ],
)  # fmt: skip
def test_ways_in_are_those_that_can_be_taken(security: Any, ways: Any) -> None:
    components = {"securitySchemes": SCHEMES}
    assert one({"security": security}, components=components).detail["security"] == ways
    assert one({}, components=components, security=security).detail["security"] == ways
    assert one({}).detail["security"] == []


@pytest.mark.parametrize("scheme", ["odd", "cookie", "none"])
def test_an_operation_with_no_way_in_is_left_out(scheme: str) -> None:
    assert "way in" in left_out({"security": [{scheme: []}]}, components={"securitySchemes": SCHEMES})
