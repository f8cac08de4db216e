"""JSON objects that are edited in place, part by part. Whoever edits owns the copy."""

from __future__ import annotations

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError


def table(tree: JsonObject, *path: str) -> JsonObject:
    """Return the object at `path`, made where it is missing.

    Raises:
        InputError: something else stands there.
    """
    for depth, name in enumerate(path, 1):
        below = tree.setdefault(name, {})
        if not isinstance(below, dict):
            raise InputError(f"openclaw.json, {'.'.join(path[:depth])}", "is not an object", "see `openclaw doctor`")
        tree = below
    return tree


def found(tree: Json, *path: str) -> Json:
    """Return what is at `path`, or None."""
    for name in path:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree


def found_table(tree: Json, *path: str) -> JsonObject:
    """Return the object at `path`, or an empty one that belongs to nobody."""
    value = found(tree, *path)
    return value if isinstance(value, dict) else {}


def words(value: Json) -> list[str]:
    """Return the texts of a list; of anything else, none."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
