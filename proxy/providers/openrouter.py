"""OpenRouter: OpenAI's API in front of many models, and Anthropic's messages.

While a model is waited for, comments come (": OPENROUTER PROCESSING"), which pass as they are. Source: OpenRouter docs,
"Streaming" and "Errors".
"""

from __future__ import annotations

import orjson

from proxy.providers.anthropic import Anthropic, message_paths
from proxy.providers.openai import OpenAi
from proxy.providers.paths import Paths
from safety_core.flow.egress_effects import Headers, UpstreamRequest


class OpenRouter(OpenAi):
    """Implements `proxy.providers.dialects.Api`."""

    base_url = "https://openrouter.ai/api"

    def error(self, status: int, message: str) -> bytes:
        """Return {"error": {"code", "message"}}; the code is the status."""
        return orjson.dumps({"error": {"code": status, "message": message}})

    def error_event(self, message: str) -> bytes:
        """Return a chunk that ends its choice with an error."""
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        error = {"code": 502, "message": message}
        return b"data: " + orjson.dumps({"error": error, "choices": [choice]}) + b"\n\n"


class OpenRouterMessages(Anthropic):
    """OpenRouter's part that speaks Anthropic's API, with the same key."""

    base_url = OpenRouter.base_url
    paths = Paths(*message_paths(""))

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key as a bearer token."""
        return (*request.headers, (b"authorization", b"Bearer " + key.encode())) if key else request.headers
