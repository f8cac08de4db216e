"""A schema with its references resolved inside of its own document, so that it can be read and kept by itself."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError, LimitError

MOST_NODES: Final = 20_000
"""Values of one schema once all references are resolved: a few lines can stand for a great many."""

DEEPEST: Final = 40
"""Levels, below the 64 that any message between our parts may have."""

ANYTHING: Final[JsonObject] = {}
"""What stands where a schema contains itself."""


class Inliner:
    """Resolves references inside of `document`."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._left = MOST_NODES

    def inlined(self, value: Json, what: str) -> Json:
        """Return `value` without references; one that leads back to where it stands becomes `ANYTHING`.

        Raises:
            InputError: a reference leads to another document, or nowhere.
            LimitError: it comes to more than `MOST_NODES` values.
        """
        self._left = MOST_NODES
        return self._walk(value, what, (), 0)

    def resolved(self, value: Json, what: str) -> JsonObject:
        """Return the object that `value` is or refers to; what is below it stays as it is. Raises InputError."""
        seen: list[str] = []
        while isinstance(value, dict) and isinstance(pointer := value.get("$ref"), str):
            if pointer in seen:
                raise InputError(what, "has a reference that leads back to itself")
            seen.append(pointer)
            value = self._target(pointer, what)
        return value if isinstance(value, dict) else {}

    def _walk(self, value: Json, what: str, inside: tuple[str, ...], depth: int) -> Json:
        self._left -= 1
        if self._left < 0:
            raise LimitError(what, f"comes to more than {MOST_NODES} values once its references are resolved")
        if depth > DEEPEST:
            return dict(ANYTHING)
        if isinstance(value, list):
            return [self._walk(item, what, inside, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        pointer = value.get("$ref")
        if isinstance(pointer, str):
            if pointer in inside:
                return dict(ANYTHING)
            return self._walk(self._target(pointer, what), what, (*inside, pointer), depth)
        kept = ((name, item) for name, item in value.items() if name not in {"$defs", "definitions"})
        return {name: self._walk(item, what, inside, depth + 1) for name, item in kept}

    def _target(self, pointer: str, what: str) -> Json:
        if pointer != "#" and not pointer.startswith("#/"):
            raise InputError(
                what, f"refers to another document ({pointer[:80]})", "put what it refers to into this one"
            )
        found: Json = self._document
        for part in pointer.removeprefix("#").split("/")[1:]:
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                raise InputError(what, f"refers to {pointer[:80]}, which is not there")
        return found
