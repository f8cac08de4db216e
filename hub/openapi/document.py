"""The OpenAPI 3.1 document, made from `table`."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.context import Context
from hub.openapi.shapes import SCHEMAS
from hub.openapi.table import OPERATIONS, PARAMETERS, Operation, Who
from safety_core.canonical import Json, JsonObject
from safety_core.wire.openapi import operation_id, refusals, written

ERRORS: Final[dict[int, str]] = {
    400: "something in it is not as it must be",
    401: "nobody we know sent this",
    403: "it is not theirs to do",
    404: "there is no such thing, or it is somebody else's",
    409: "what is there already says otherwise",
    413: "too large",
    429: "too many",
    503: "the hub cannot do it now",
}
"""What every request may be answered, with one body: {"error": {"thing", "reason", "fix"}}."""

_PARAMETER: Final = re.compile(r"\{([a-z]+)\}")
_SIGNED: Final = ("Safety-Tenant", "Safety-Time", "Safety-Nonce", "Safety-Signature")


@cache
def document() -> bytes:
    """Return the document as JSON."""
    signed: JsonObject = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": "see docs/wire.md, Edge to hub"}
        for name in _SIGNED
    }
    bearers: JsonObject = {name: {"type": "http", "scheme": "bearer"} for name in (Who.APPROVER, Who.PUBLISHER)}
    return written("Safety Gateway hub", OPERATIONS, _operation, SCHEMAS, {**signed, **bearers})


async def show(_request: Request, _context: Context) -> Response:
    """Give the document to anybody: it says nothing of this hub that the program's source does not."""
    return Response(document(), media_type="application/json")


def _operation(method: str, path: str, operation: Operation) -> JsonObject:
    found: JsonObject = {
        "summary": operation.summary,
        "operationId": operation_id(method, path),
        "parameters": [*_parameters(path, operation)],
        "responses": {**_answers(operation), **refusals(ERRORS)},
        "security": _security(operation.who),
    }
    if operation.takes is not None:
        found["requestBody"] = {"required": True, "content": {operation.media: {"schema": operation.takes}}}
    return found


def _parameters(path: str, operation: Operation) -> list[Json]:
    inside: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": PARAMETERS[name]} for name in _PARAMETER.findall(path)
    ]
    asked: list[Json] = [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()]
    return [*inside, *asked]


def _answers(operation: Operation) -> JsonObject:
    found: JsonObject = {}
    for status, schema in operation.answers.items():
        answer: JsonObject = {"description": operation.summary}
        if schema is not None:
            answer["content"] = {operation.gives: {"schema": schema}}
        elif operation.gives == "text/event-stream":
            answer["content"] = {operation.gives: {}}
        found[str(status)] = answer
    return found


def _security(who: Who) -> list[Json]:
    if who is Who.ANYBODY:
        return []
    return [{name: [] for name in _SIGNED}] if who is Who.EDGE else [{who.value: []}]
