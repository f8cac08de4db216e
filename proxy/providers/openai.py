"""OpenAI: chat completions and everything that is compatible with them, completions, responses, embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

import orjson

from proxy.providers.api import JsonApi
from proxy.providers.chat import ChatShape
from proxy.providers.paths import Paths
from proxy.providers.request import read_request
from proxy.providers.responses import ResponseShape, is_response_event
from proxy.providers.shape import Key, Shape, Slot
from proxy.providers.splice import member_span, with_member, with_value
from safety_core.canonical import Json, JsonObject
from safety_core.flow.dialect import Operation, Prepared, Purpose

_ASKABLE: Final = frozenset({"messages", "prompt"})
"""What a request has whose stream states its usage only when asked; responses state it always."""

_KINDS: Final = {
    401: ("authentication_error", "invalid_api_key"),
    404: ("invalid_request_error", "not_found"),
    413: ("invalid_request_error", "too_large"),
    424: ("safety_gateway", "refused"),
    502: ("api_error", "upstream_unavailable"),
    503: ("api_error", "gateway_unavailable"),
}


def chat_paths(prefix: str) -> tuple[tuple[str, str, Purpose], ...]:
    """Return what is listed of every API that is compatible with OpenAI's, below `prefix`."""
    return (
        ("POST", f"{prefix}/chat/completions", Purpose.TURN),
        ("POST", f"{prefix}/completions", Purpose.TURN),
        ("POST", f"{prefix}/embeddings", Purpose.NUMBERS),
        ("GET", f"{prefix}/models", Purpose.LOOK),
        ("GET", f"{prefix}/models/{{id}}", Purpose.LOOK),
        ("GET", f"{prefix}/models/{{owner}}/{{id}}", Purpose.LOOK),
    )


def response_paths(prefix: str) -> tuple[tuple[str, str, Purpose], ...]:
    """Return what is listed of the responses API, below `prefix`.

    A response that is kept by the provider is looked at under an id that nobody can guess; what it consumed was booked
    when it was asked for, as an estimate where that was to be answered later ("background").
    """
    return (
        ("POST", f"{prefix}/responses", Purpose.TURN),
        ("POST", f"{prefix}/responses/compact", Purpose.TURN),
        ("POST", f"{prefix}/responses/input_tokens", Purpose.COUNT),
        ("GET", f"{prefix}/responses/{{id}}", Purpose.LOOK),
        ("GET", f"{prefix}/responses/{{id}}/input_items", Purpose.LOOK),
        ("DELETE", f"{prefix}/responses/{{id}}", Purpose.LOOK),
        ("POST", f"{prefix}/responses/{{id}}/cancel", Purpose.LOOK),
    )


class OpenAiShape:
    """Implements `proxy.providers.shape.Shape` for all of OpenAI's events: those of responses have a type."""

    def __init__(self) -> None:
        self._chat = ChatShape()
        self._response = ResponseShape()

    def _of(self, event: JsonObject) -> ChatShape | ResponseShape:
        return self._response if is_response_event(event) else self._chat

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the pieces of continued texts in `event`."""
        return self._of(event).slots(event)

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the beginnings of the keys whose texts end with `event`."""
        return self._of(event).closing(event)

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return a frame that brings the last piece of a text."""
        shape = self._response if isinstance(key[0], str) else self._chat
        return shape.tail(key, text, last)

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Remove what would retell the pieces that have changed."""
        self._of(event).changed(event, keys)

    def is_usage(self, event: JsonObject) -> bool:
        """Tell whether `event` is there for its usage alone."""
        return self._of(event).is_usage(event)


class OpenAi(JsonApi):
    """Implements `proxy.providers.dialects.Api`; what is compatible with OpenAI's API derives from it.

    Attributes:
        asks_usage: a stream states its usage only when asked, and a request may ask for it.
    """

    base_url = "https://api.openai.com"
    paths = Paths(*chat_paths("/v1"), *response_paths("/v1"))
    shape: ClassVar[Callable[[], Shape]] = OpenAiShape
    asks_usage: ClassVar[bool] = True

    def prepare(self, body: bytes, operation: Operation) -> Prepared:
        """Ask for a stream's usage where the client does not."""
        request = read_request(body, operation)
        plain = request.plain
        streams = request.fields.get("stream") not in (None, False)  # lenient servers take 1 and "true" for it, too
        if not (self.asks_usage and streams and _ASKABLE & request.fields.keys()):
            return plain
        options = request.fields.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage") is True:
            return plain
        return replace(plain, body=_asking_for_usage(body, options), hide_usage=True, plain=body)

    def error(self, status: int, message: str) -> bytes:
        """Return {"error": {"message", "type", "param", "code"}}."""
        kind, code = _KINDS.get(status, ("invalid_request_error", "refused"))
        return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})

    def error_event(self, message: str) -> bytes:
        """Return a frame with an error object, which the SDKs raise."""
        return b"data: " + self.error(502, message) + b"\n\n"


def _asking_for_usage(body: bytes, options: Json) -> bytes:
    span = member_span(body, "stream_options")
    if span is None:
        return with_member(body, "stream_options", b'{"include_usage":true}')
    if not isinstance(options, dict):
        return with_value(body, span, b'{"include_usage":true}')
    inner = body[slice(*span)]
    asked = member_span(inner, "include_usage")
    changed = with_value(inner, asked, b"true") if asked else with_member(inner, "include_usage", b"true")
    return with_value(body, span, changed)
