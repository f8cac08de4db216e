"""The events of chat completions and completions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from proxy.providers.shape import Key, Slot, tree
from safety_core.canonical import JsonObject

_WHOLE: Final = frozenset({"role", "id", "type", "name", "index"})
"""Strings of a delta that come in one piece."""


class ChatShape:
    """Implements `proxy.providers.shape.Shape` for chunks of chat completions and completions."""

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return a choice's text, or the continued strings of its delta; keys begin with the choice's index."""
        found: list[Slot] = []
        for choice in _choices(event):
            if isinstance(choice.get("text"), str):
                found.append(Slot((_index(choice, 0), "text"), choice, "text"))
            delta = choice.get("delta")
            if isinstance(delta, dict):
                found += _strings(delta, (_index(choice, 0), "delta"))
        return found

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the choices that say why they end."""
        return [(_index(choice, 0),) for choice in _choices(event) if choice.get("finish_reason") is not None]

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more chunk of the same completion."""
        chunk: JsonObject = {name: last[name] for name in ("id", "object", "created", "model") if name in last}
        chunk["choices"] = [{"index": key[0], **tree(key[1:], text), "finish_reason": None}]
        return chunk

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop the log probabilities of a piece that has changed: they spell it out token by token."""
        touched = {key[0] for key in keys}
        for choice in _choices(event):
            if _index(choice, 0) in touched and choice.get("logprobs") is not None:
                choice["logprobs"] = None

    def is_usage(self, event: JsonObject) -> bool:
        """Tell whether this is the chunk that `include_usage` adds: no choices, but usage."""
        return event.get("choices") == [] and isinstance(event.get("usage"), dict)


def _choices(event: JsonObject) -> Iterator[JsonObject]:
    choices = event.get("choices")
    return (choice for choice in choices if isinstance(choice, dict)) if isinstance(choices, list) else iter(())


def _strings(owner: JsonObject, prefix: Key) -> Iterator[Slot]:
    for name, value in owner.items():
        if isinstance(value, str):
            if name not in _WHOLE:
                yield Slot((*prefix, name), owner, name)
        elif isinstance(value, dict):
            yield from _strings(value, (*prefix, name))
        elif isinstance(value, list):
            for position, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _strings(item, (*prefix, name, _index(item, position)))


def _index(item: JsonObject, position: int) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else position
