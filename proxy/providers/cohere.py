"""Cohere: chat, embeddings and ranking of its second version, and its part that is compatible with OpenAI's API.

Source: Cohere API reference. Chat of the first version sends results under no id, and is not listed.
"""

from __future__ import annotations

import orjson

from proxy.providers.api import JsonApi
from proxy.providers.cohere_events import CohereShape
from proxy.providers.openai import OpenAi, chat_paths
from proxy.providers.paths import Paths
from safety_core.flow.dialect import Purpose


class Cohere(JsonApi):
    """Implements `proxy.providers.dialects.Api`. Its streams state their usage without being asked."""

    base_url = "https://api.cohere.com"
    paths = Paths(
        ("POST", "/v2/chat", Purpose.TURN),
        ("POST", "/v2/embed", Purpose.NUMBERS),
        ("POST", "/v1/embed", Purpose.NUMBERS),
        ("POST", "/v2/rerank", Purpose.NUMBERS),
        ("POST", "/v1/rerank", Purpose.NUMBERS),
        ("GET", "/v1/models", Purpose.LOOK),
        ("GET", "/v1/models/{id}", Purpose.LOOK),
    )
    shape = CohereShape
    retold = frozenset({"logprobs", "citations"})

    def error(self, status: int, message: str) -> bytes:
        """Return {"message"}."""
        return orjson.dumps({"message": message})

    def error_event(self, message: str) -> bytes:
        """Return the end of a message that failed."""
        end = {"type": "message-end", "delta": {"error": message, "finish_reason": "ERROR"}}
        return b"event: message-end\ndata: " + orjson.dumps(end) + b"\n\n"


class CohereChat(OpenAi):
    """Cohere's part that speaks OpenAI's API; it takes no `stream_options`."""

    base_url = Cohere.base_url
    paths = Paths(*chat_paths("/compatibility/v1"))
    asks_usage = False
