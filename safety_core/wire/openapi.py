"""What the OpenAPI 3.1 documents of edge and hub have in common, each made from a table of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TypeVar

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.wire.schema import ref

T = TypeVar("T")


def written(
    title: str,
    table: Mapping[tuple[str, str], T],
    described: Callable[[str, str, T], JsonObject],
    schemas: JsonObject,
    security: JsonObject,
) -> bytes:
    """Return a document as JSON.

    Args:
        table: what can be asked, by method and path.
        described: one of it, given all three, as an Operation Object.
        schemas: by the names that `ref` is given.
        security: the security schemes, by name.
    """
    paths: dict[str, JsonObject] = {}
    for (method, path), operation in table.items():
        paths.setdefault(path, {})[method.lower()] = described(method, path, operation)
    info: JsonObject = {"title": title, "version": version("safety-gateway")}
    parts: JsonObject = {"schemas": schemas, "securitySchemes": security}
    return canonical_bytes({"openapi": "3.1.0", "info": info, "paths": {**paths}, "components": parts})


def operation_id(method: str, path: str) -> str:
    """Return the name of a request by which generated clients call it."""
    return f"{method.lower()}_" + re.sub(r"[^a-z0-9]+", "_", path.removeprefix("/v1")).strip("_")


def refusals(errors: Mapping[int, str]) -> JsonObject:
    """Return the Response Objects of what goes wrong, by status: all have the body that `schema.ERROR` describes."""
    content: JsonObject = {"application/json": {"schema": ref("Error")}}
    return {str(status): {"description": words, "content": content} for status, words in errors.items()}
