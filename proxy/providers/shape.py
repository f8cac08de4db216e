"""What an editor must know of an API's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from safety_core.canonical import JsonObject

Key: TypeAlias = "tuple[str | int, ...]"
"""Names one text that continues from event to event: the path to it, with an item's own index in place of its
position."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of such a text: the string `owner[name]`."""

    key: Key
    owner: JsonObject
    name: str

    def text(self) -> str:
        """Return the piece."""
        text = self.owner[self.name]
        return text if isinstance(text, str) else ""


class Shape(Protocol):
    """One API's events."""

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the pieces of continued texts in `event`, in order."""

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the beginnings of the keys whose texts end with `event`."""

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return an event that brings the last piece of a text. `last` is the latest event, without its pieces."""

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Remove from `event` what would retell the pieces under `keys`, which have just been changed."""

    def is_usage(self, event: JsonObject) -> bool:
        """Tell whether `event` is there for its usage alone."""


def tree(key: Key, text: str) -> JsonObject:
    """Return the object in which `text` stands at the path `key` (which begins and ends with a name)."""
    value: JsonObject | str = text
    for position in range(len(key) - 1, -1, -1):
        step = key[position]
        if isinstance(step, str):
            below = key[position + 1] if position + 1 < len(key) else None
            value = {step: [value] if isinstance(below, int) else value}
        elif isinstance(value, dict):
            value = {"index": step, **value}
    return value if isinstance(value, dict) else {}
