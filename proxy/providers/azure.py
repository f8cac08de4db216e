"""Azure OpenAI: OpenAI's requests, to deployments or below /openai/v1. Source: Azure OpenAI REST API reference.

A deployment's name stands in the path, where the SDK puts it, and counts as the model.
"""

from __future__ import annotations

from typing import Final

import orjson

from proxy.providers.openai import OpenAi, chat_paths, response_paths
from proxy.providers.paths import Paths
from safety_core.flow.dialect import Purpose
from safety_core.flow.egress_effects import Headers, UpstreamRequest

_CODES: Final = {401: "401", 404: "DeploymentNotFound", 424: "safety_gateway", 502: "BadGateway", 503: "Unavailable"}


class Azure(OpenAi):
    """Implements `proxy.providers.dialects.Api`. Its base URL is the resource's own: https://NAME.openai.azure.com."""

    base_url = ""
    paths = Paths(
        ("POST", "/openai/deployments/{model}/chat/completions", Purpose.TURN),
        ("POST", "/openai/deployments/{model}/completions", Purpose.TURN),
        ("POST", "/openai/deployments/{model}/embeddings", Purpose.NUMBERS),
        ("GET", "/openai/models", Purpose.LOOK),
        ("GET", "/openai/models/{id}", Purpose.LOOK),
        *response_paths("/openai"),
        *response_paths("/openai/v1"),
        *chat_paths("/openai/v1"),
    )

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key as the resource's own."""
        return (*request.headers, (b"api-key", key.encode())) if key else request.headers

    def error(self, status: int, message: str) -> bytes:
        """Return {"error": {"code", "message"}}."""
        return orjson.dumps({"error": {"code": _CODES.get(status, "BadRequest"), "message": message}})
