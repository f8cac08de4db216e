"""JSON of others, read as far as it is understood: what is not is nothing, and no error.

For what is looked at and passed on (usage, tool calls). What is acted on goes through `reader`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from safety_core.canonical import Json, JsonObject


def parsed(raw: bytes | str) -> Json:
    """Return the JSON document in `raw`, None where there is none."""
    try:
        value: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value


def objects(value: Json) -> Iterator[JsonObject]:
    """Yield the objects in a list."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def object_of(value: Json) -> JsonObject:
    """Return an object, empty where `value` is none."""
    return value if isinstance(value, dict) else {}
