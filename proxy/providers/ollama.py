"""The events of Ollama's own API: chat and generate, one a line. Source: ollama docs/api.md."""

from __future__ import annotations

from collections.abc import Sequence

from proxy.providers.shape import Key, Slot, tree
from safety_core.canonical import JsonObject

_TEXTS = ("content", "thinking", "response")
_ABOUT = ("model", "created_at")


class OllamaShape:
    """Implements `proxy.providers.shape.Shape`. Tool calls come whole, so they hold no piece of a continued text."""

    def __init__(self) -> None:
        self._about: JsonObject = {}

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the texts of a chat's message, or of what is generated."""
        self._about |= {name: event[name] for name in _ABOUT if name in event}
        owners: list[tuple[Key, JsonObject]] = [((), event)]
        message = event.get("message")
        if isinstance(message, dict):
            owners.append((("message",), message))
        return [
            Slot((*path, name), owner, name)
            for path, owner in owners
            for name in _TEXTS
            if isinstance(owner.get(name), str)
        ]

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return all texts when the answer is done, or failed."""
        return [()] if event.get("done") is True or "error" in event else []

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more line of the same answer."""
        event: JsonObject = {**self._about, **tree(key, text), "done": False}
        message = event.get("message")
        if isinstance(message, dict):
            event["message"] = {"role": "assistant", "content": "", **message}
        return event

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop the token numbers that spell out what was generated."""
        event.pop("context", None)

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with the line that ends the answer."""
        return False
