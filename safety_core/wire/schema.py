"""JSON Schema (2020-12), and the few builders that our OpenAPI documents are written with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from safety_core.canonical import JsonObject

MOST: Final = 2**53 - 1
TEXT: Final = 4096

NUMBER: Final[JsonObject] = {"type": "number"}
TIME: Final[JsonObject] = {"type": "number", "minimum": 0, "description": "seconds since the epoch"}
FLAG: Final[JsonObject] = {"type": "boolean"}
ANYTHING: Final[JsonObject] = {"type": "object"}


def record(required: JsonObject, optional: JsonObject | None = None) -> JsonObject:
    """Return the schema of an object with exactly these fields."""
    fields: JsonObject = {**required, **(optional or {})}
    return {"type": "object", "properties": fields, "required": [*required], "additionalProperties": False}


def text(pattern: str = "", *, most: int = TEXT) -> JsonObject:
    """Return the schema of a text."""
    return {"type": "string", "pattern": f"^{pattern}$"} if pattern else {"type": "string", "maxLength": most}


def whole(least: int = 0, most: int = MOST) -> JsonObject:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


def words(known: Iterable[str]) -> JsonObject:
    """Return the schema of a word of a closed list."""
    return {"type": "string", "enum": [*known]}


def many(of: JsonObject, most: int | None = None) -> JsonObject:
    """Return the schema of a list."""
    return {"type": "array", "items": of, **({} if most is None else {"maxItems": most})}


def keyed(of: JsonObject) -> JsonObject:
    """Return the schema of an object whose keys are data."""
    return {"type": "object", "additionalProperties": of}


def ref(name: str) -> JsonObject:
    """Return a reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: JsonObject) -> JsonObject:
    """Return the schema of something, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


ERROR: Final = record({"error": record({"thing": text(), "reason": text(), "fix": text()})})
"""The body of every answer that is none; see `safety_core.wire.errors`."""
