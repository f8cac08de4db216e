"""Arguments against a JSON Schema: as much of it as tells a slip of a model before anybody is asked.

Checked: type, enum, const, required, properties, additionalProperties: false, items, anyOf and oneOf of these. What
else a schema says (patterns, bounds, formats) is the service's own to check; nothing here makes a call permitted.

A reference to a secret is text, whatever the secret is.
"""

from __future__ import annotations

from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import ExecutionError

DEEPEST: Final = 40
"""Levels of a schema that are looked at; deeper ones are the service's own to check."""

MOST_STEPS: Final = 200_000
"""Looks at a value that one check may take: a schema is a stranger's, and can hold thousands of forms for each item of
a long list."""

TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")


def check_arguments(arguments: JsonObject, schema: JsonObject, tool: str) -> None:
    """Refuse arguments that do not fit. A schema that cannot be read promises nothing, and lets all through.

    Raises:
        ExecutionError: names the argument by its path.
    """
    wrong = _wrong(arguments, schema, "", 0, _Steps())
    if wrong:
        path, reason = wrong
        raise ExecutionError(f"argument {path} of tool {tool}" if path else f"tool {tool}", reason)


class _Steps:
    """What is left of `MOST_STEPS`."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def spend(self, schema: Json) -> bool:
        """Take the steps of one look; False where they are used up."""
        listed = schema.get("enum") if isinstance(schema, dict) else None
        self._left -= 1 + (len(listed) if isinstance(listed, list) else 0)
        return self._left >= 0


def _wrong(value: Json, schema: Json, path: str, depth: int, steps: _Steps) -> tuple[str, str] | None:
    """Return the path of what does not fit, and why."""
    if not steps.spend(schema):
        return path, "is too much to be checked"
    if not isinstance(schema, dict) or depth > DEEPEST:
        return (path, "is not taken") if schema is False else None
    kinds = _kinds(schema)
    if kinds and not any(_is(value, kind) for kind in kinds):
        return path, f"must be {' or '.join(kinds)}"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        return path, f"must be one of {', '.join(map(str, allowed[:20]))}"[:400]
    if "const" in schema and value != schema["const"]:
        return path, f"must be {schema['const']}"[:400]
    for name in ("anyOf", "oneOf"):
        ways = schema.get(name)
        if isinstance(ways, list) and ways and all(_wrong(value, way, path, depth + 1, steps) for way in ways):
            return path, f"fits none of the {len(ways)} forms that it may have"
    if isinstance(value, dict):
        return _wrong_object(value, schema, path, depth, steps)
    rule = schema.get("items")
    if isinstance(value, list) and isinstance(rule, dict | bool):
        found = (_wrong(item, rule, f"{path}[{n}]", depth + 1, steps) for n, item in enumerate(value))
        return next(filter(None, found), None)
    return None


def _wrong_object(
    value: JsonObject, schema: JsonObject, path: str, depth: int, steps: _Steps
) -> tuple[str, str] | None:
    required, properties = schema.get("required"), schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in value:
            return _below(path, name), "is missing"
    for name, item in value.items():
        rule = properties.get(name, schema.get("additionalProperties") if "patternProperties" not in schema else True)
        wrong = _wrong(item, rule, _below(path, name), depth + 1, steps)
        if wrong:
            return wrong
    return None


def _below(path: str, name: str) -> str:
    return f"{path}.{name[:80]}" if path else name[:80]


def _kinds(schema: JsonObject) -> list[str]:
    """Return the types that are named, those of OpenAPI 3.0 too ("nullable")."""
    named = schema.get("type")
    kinds = [kind for kind in (named if isinstance(named, list) else [named]) if kind in TYPES]
    return [*map(str, kinds), "null"] if kinds and schema.get("nullable") is True else [*map(str, kinds)]


def _is(value: Json, kind: str) -> bool:
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case _:
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return not isinstance(value, bool) and (whole or (kind == "number" and isinstance(value, float)))
