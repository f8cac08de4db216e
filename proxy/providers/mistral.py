"""Mistral: OpenAI's chat completions, and what is to be filled in the middle of code. Source: Mistral API reference.

A stream states its usage unasked. What a model thinks, and what it cites, are blocks in the content.
"""

from __future__ import annotations

from typing import Final

import orjson

from proxy.providers.chat import ChatShape
from proxy.providers.openai import OpenAi, chat_paths
from proxy.providers.paths import Paths
from proxy.providers.shape import Key
from safety_core.canonical import Json, JsonObject
from safety_core.flow.dialect import Purpose

_KINDS: Final = {401: "unauthorized", 404: "not_found", 424: "safety_gateway", 502: "unavailable", 503: "unavailable"}


class MistralShape(ChatShape):
    """The events of chat completions, whose content may be blocks."""

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more chunk of the same completion; its blocks say what they are."""
        chunk = super().tail(key, text, last)
        _typed(chunk["choices"])
        return chunk


def _typed(value: Json) -> None:
    """Give the blocks within `value` their type in place of an index, which Mistral's have not."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            for name in ("delta", "content", "thinking"):
                below = item.get(name)
                for block in below if isinstance(below, list) else ():
                    if isinstance(block, dict):
                        block.pop("index", None)
                        block["type"] = "thinking" if "thinking" in block else "text"
                _typed(below if isinstance(below, list) else [below])


class Mistral(OpenAi):
    """Implements `proxy.providers.dialects.Api`. A field that it does not know is an error: none is added."""

    base_url = "https://api.mistral.ai"
    paths = Paths(
        *chat_paths("/v1"),
        ("POST", "/v1/fim/completions", Purpose.TURN),
    )
    shape = MistralShape
    asks_usage = False

    def error(self, status: int, message: str) -> bytes:
        """Return {"object": "error", "message", "type", "param", "code"}."""
        return orjson.dumps({"object": "error", **_said(status, message)})

    def error_event(self, message: str) -> bytes:
        """Return the same in a frame, and beside it what OpenAI's SDKs raise: many speak to Mistral with those."""
        told = _said(502, message)
        return b"data: " + orjson.dumps({"object": "error", **told, "error": told}) + b"\n\n"


def _said(status: int, message: str) -> dict[str, str | None]:
    kind = _KINDS.get(status, "invalid_request_error")
    return {"message": message, "type": kind, "param": None, "code": str(status)}
