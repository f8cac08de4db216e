"""Ollama: its own API, chat and generate with one event a line, and its part that speaks OpenAI's API.

Source: ollama docs/api.md, docs/openai.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from proxy.providers.api import JsonApi
from proxy.providers.framing import Lines
from proxy.providers.openai import OpenAi, chat_paths, response_paths
from proxy.providers.paths import Paths
from proxy.providers.shape import Key, Slot, tree
from safety_core.canonical import JsonObject
from safety_core.flow.dialect import Purpose

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
        """Drop the token numbers and log probabilities that spell out what was generated."""
        event.pop("context", None)
        event.pop("logprobs", None)

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with the line that ends the answer."""
        return False


class Ollama(JsonApi):
    """Implements `proxy.providers.dialects.Api`. An answer is a stream of lines unless `stream` is false.

    Models are neither fetched nor made nor deleted through the edge.
    """

    base_url = "http://127.0.0.1:11434"
    paths = Paths(
        ("POST", "/api/chat", Purpose.TURN),
        ("POST", "/api/generate", Purpose.TURN),
        ("POST", "/api/embed", Purpose.NUMBERS),
        ("POST", "/api/embeddings", Purpose.NUMBERS),
        ("POST", "/api/show", Purpose.LOOK),
        ("GET", "/api/tags", Purpose.LOOK),
        ("GET", "/api/ps", Purpose.LOOK),
        ("GET", "/api/version", Purpose.LOOK),
    )
    shape = OllamaShape
    media_type = "application/x-ndjson"
    framing = Lines
    retold = frozenset({"context", "logprobs"})

    def error(self, status: int, message: str) -> bytes:
        """Return {"error"}."""
        return orjson.dumps({"error": message})

    def error_event(self, message: str) -> bytes:
        """Return a line with an error, which the clients raise."""
        return self.error(502, message) + b"\n"


class OllamaChat(OpenAi):
    """Ollama's part that speaks OpenAI's API."""

    base_url = Ollama.base_url
    paths = Paths(*chat_paths("/v1"), *response_paths("/v1"))
