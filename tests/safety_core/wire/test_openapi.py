"""What the OpenAPI documents of both services are made with."""

from __future__ import annotations

import json

from safety_core.canonical import JsonObject
from safety_core.wire.openapi import operation_id, refusals, written


def test_a_document_has_each_method_at_its_path() -> None:
    def described(method: str, path: str, operation: str) -> JsonObject:
        return {"operationId": operation_id(method, path), "summary": operation}

    table = {("GET", "/v1/a/{id}"): "look", ("PUT", "/v1/a/{id}"): "put", ("POST", "/v1/b"): "make"}
    found = json.loads(written("T", table, described, {"S": {}}, {"token": {"type": "http", "scheme": "bearer"}}))
    assert (found["openapi"], found["info"]["title"]) == ("3.1.0", "T")
    assert found["paths"] == {
        "/v1/a/{id}": {
            "get": {"operationId": "get_a_id", "summary": "look"},
            "put": {"operationId": "put_a_id", "summary": "put"},
        },
        "/v1/b": {"post": {"operationId": "post_b", "summary": "make"}},
    }
    assert found["components"] == {
        "schemas": {"S": {}},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }


def test_everything_that_goes_wrong_has_one_body() -> None:
    assert refusals({400: "wrong"}) == {
        "400": {
            "description": "wrong",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    }
