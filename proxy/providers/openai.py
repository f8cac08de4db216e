"""OpenAI: chat completions and everything that is compatible with them, completions, responses, embeddings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from proxy.providers.chat import ChatShape
from proxy.providers.editor import EventEditor
from proxy.providers.framing import EVENT_STREAM, Sse
from proxy.providers.paths import Paths
from proxy.providers.request import read_request
from proxy.providers.responses import ResponseShape, is_response_event
from proxy.providers.shape import Key, Slot
from proxy.providers.splice import member_span, with_member, with_value
from safety_core.canonical import Json, JsonObject
from safety_core.flow.dialect import Operation, Prepared, Purpose, StreamEditor
from safety_core.flow.egress_effects import Headers, UpstreamRequest
from safety_core.meter.tally import Tally
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor

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


class OpenAi:
    """Implements `safety_core.flow.dialect.Dialect`."""

    paths: Final = Paths(
        ("POST", "/v1/chat/completions", Purpose.TURN),
        ("POST", "/v1/completions", Purpose.TURN),
        ("POST", "/v1/responses", Purpose.TURN),
        ("POST", "/v1/embeddings", Purpose.NUMBERS),
    )

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key as a bearer token (RFC 6750)."""
        return (*request.headers, (b"authorization", b"Bearer " + key.encode()))

    def prepare(self, body: bytes, operation: Operation) -> Prepared:
        """Ask for a stream's usage where the client does not."""
        request = read_request(body, operation)
        plain = request.plain
        if request.fields.get("stream") is not True or not _ASKABLE & request.fields.keys():
            return plain
        options = request.fields.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage") is True:
            return plain
        return replace(plain, body=_asking_for_usage(body, options), hide_usage=True)

    def editor(self, redactor: Redactor, content_type: str, *, hide_usage: bool) -> StreamEditor | None:
        """Return an editor for server-sent events."""
        if content_type != EVENT_STREAM:
            return None
        return EventEditor(redactor, OpenAiShape(), Sse(), hide_usage=hide_usage)

    def usage(self, document: Json) -> Usage | None:
        """Return the usage that a whole response states."""
        tally = Tally()
        tally.add(document)
        return tally.usage()

    def forget(self, body: bytes) -> bytes:
        """Return a response without its log probabilities, which spell its text out token by token."""
        if b'"logprobs"' not in body:
            return body
        try:
            document = json.loads(body)
        except ValueError:
            return body
        _drop_logprobs(document)
        return json.dumps(document, separators=(",", ":")).encode()

    def error(self, status: int, message: str) -> bytes:
        """Return {"error": {"message", "type", "param", "code"}}."""
        kind, code = _KINDS.get(status, ("invalid_request_error", "refused"))
        return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})

    def error_event(self, message: str) -> bytes:
        """Return a frame with an error object, which the SDKs raise."""
        return b"data: " + self.error(502, message) + b"\n\n"


def _drop_logprobs(document: Json) -> None:
    stack = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if item.get("logprobs"):
                item["logprobs"] = [] if isinstance(item["logprobs"], list) else None
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


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
