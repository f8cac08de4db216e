"""The OpenAPI 3.1 document, made from `table`."""

from __future__ import annotations

from typing import Final

from proxy.control.openapi.shapes import SCHEMAS
from proxy.control.openapi.table import JSON, OPERATIONS, Operation
from safety_core.canonical import JsonObject
from safety_core.wire.openapi import operation_id, refusals, written

ERRORS: Final[dict[int, str]] = {
    400: "what came in is not what it must be",
    401: "no token, or a wrong one (the Unix socket asks for none)",
    403: "understood, and not allowed",
    413: "larger or deeper than allowed",
    500: "a fault of the edge's, or of what it stands on",
    503: "too much at the same time",
}
"""What every request may be answered, with one body: {"error": {"thing", "reason", "fix"}}."""

_LOCAL: Final = " (Unix socket only)"


def document() -> bytes:
    """Return the document as JSON."""
    title = "Safety Gateway edge: the control listener"
    return written(title, OPERATIONS, _operation, SCHEMAS, {"token": {"type": "http", "scheme": "bearer"}})


def _operation(method: str, path: str, operation: Operation) -> JsonObject:
    good: JsonObject = {"text/plain": {}} if operation.answer is None else {JSON: {"schema": operation.answer}}
    found: JsonObject = {
        "summary": operation.summary + (_LOCAL if operation.local else ""),
        "operationId": operation_id(method, path),
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()],
        "responses": {
            "200": {"description": operation.summary, "content": good},
            **refusals(ERRORS),
        },
        "security": [{}] if operation.local else [{}, {"token": []}],
    }
    if operation.takes is not None:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": operation.takes}}}
    return found
