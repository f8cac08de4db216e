"""Gemini: generateContent and its kin. Source: Gemini API reference (generativelanguage, v1beta).

A stream is server-sent events where the query says alt=sse, as the SDKs do, and one JSON array that is written piece by
piece where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import orjson

from proxy.providers.api import JsonApi
from proxy.providers.editor import EventEditor
from proxy.providers.gemini_events import RETOLD, GeminiShape
from proxy.providers.json_array import Elements
from proxy.providers.openai import OpenAi, chat_paths
from proxy.providers.paths import Paths
from safety_core.flow.dialect import Edited, Purpose, StreamEditor
from safety_core.flow.egress_effects import Headers, UpstreamRequest
from safety_core.redact.redactor import Redactor

_VERSIONS: Final = ("/v1beta", "/v1", "/v1alpha")
_WHOLE: Final = (
    ("generateContent", Purpose.TURN),
    ("countTokens", Purpose.COUNT),
    ("embedContent", Purpose.NUMBERS),
    ("batchEmbedContents", Purpose.NUMBERS),
)
_STATUSES: Final = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    424: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}
"""HTTP status -> the name of google.rpc.Code."""


class Gemini(JsonApi):
    """Implements `proxy.providers.dialects.Api` for what is answered whole."""

    base_url = "https://generativelanguage.googleapis.com"
    paths = Paths(
        *(
            ("POST", f"{version}/{kind}/{{model}}:{verb}", purpose)
            for version in _VERSIONS
            for kind in ("models", "tunedModels")
            for verb, purpose in _WHOLE
        ),
        *(("GET", f"{version}/models", Purpose.LOOK) for version in _VERSIONS),
        *(("GET", f"{version}/models/{{id}}", Purpose.LOOK) for version in _VERSIONS),
    )
    shape = GeminiShape
    retold = RETOLD

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key in one of Google's own."""
        return (*request.headers, (b"x-goog-api-key", key.encode())) if key else request.headers

    def error(self, status: int, message: str) -> bytes:
        """Return {"error": {"code", "message", "status"}}."""
        named = _STATUSES.get(status, "INVALID_ARGUMENT")
        return orjson.dumps({"error": {"code": status, "message": message, "status": named}})

    def error_event(self, message: str) -> bytes:
        """Return a server-sent event with an error, which the SDKs raise."""
        return b"data: " + self.error(502, message) + b"\n\n"


class GeminiStreams(Gemini):
    """Gemini's part that answers piece by piece."""

    paths = Paths(
        *(
            ("POST", f"{version}/{kind}/{{model}}:streamGenerateContent", Purpose.TURN)
            for version in _VERSIONS
            for kind in ("models", "tunedModels")
        )
    )

    def editor(self, redactor: Redactor, content_type: str, *, hide_usage: bool) -> StreamEditor | None:
        """Return an editor for server-sent events or for an array."""
        if content_type == "application/json":
            return ArrayEditor(redactor, self.error)
        return super().editor(redactor, content_type, hide_usage=hide_usage)


class ArrayEditor(EventEditor):
    """Redacts an array of events as it is written. Args: `error`: status and message -> an error of the API."""

    def __init__(self, redactor: Redactor, error: Callable[[int, str], bytes]) -> None:
        super().__init__(redactor, GeminiShape(), Elements())
        self._error = error
        self._begun = False

    def feed(self, chunk: bytes) -> Edited:
        """Take the next bytes and return those that may leave now."""
        edited = super().feed(chunk)
        self._begun = self._begun or bool(edited.data)
        return edited

    def failed(self, message: str) -> bytes | None:
        """Return an error as the last element, and the end of the array."""
        return (b",\r\n" if self._begun else b"[") + self._error(502, message) + b"]"


class GeminiChat(OpenAi):
    """Gemini's part that speaks OpenAI's API."""

    base_url = Gemini.base_url
    paths = Paths(*(path for version in _VERSIONS for path in chat_paths(f"{version}/openai")))
