"""OpenAI: chat completions and everything that is compatible with them, completions, responses, embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from proxy.providers.editor import SseEditor
from proxy.providers.request import read_request
from proxy.providers.responses import ResponseShape, is_response_event
from proxy.providers.shape import Key, Slot, tree
from proxy.providers.splice import member_span, with_member, with_value
from safety_core.canonical import Json, JsonObject
from safety_core.flow.dialect import Prepared, StreamEditor
from safety_core.meter.tally import Tally
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor

_WHOLE: Final = frozenset({"role", "id", "type", "name", "index"})
"""Strings of a delta that come in one piece."""

_ASKABLE: Final = frozenset({"messages", "prompt"})
"""What a request has whose stream states its usage only when asked; responses state it always."""

_KINDS: Final = {
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "refused"),
    404: ("invalid_request_error", "not_found"),
    413: ("invalid_request_error", "too_large"),
    502: ("api_error", "upstream_unavailable"),
    503: ("api_error", "gateway_unavailable"),
}


class OpenAi:
    """Implements `safety_core.flow.dialect.Dialect`."""

    paths: Final = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings"})
    key_header: Final = (b"authorization", b"Bearer ")

    def prepare(self, body: bytes) -> Prepared:
        """Ask for a stream's usage where the client does not."""
        request = read_request(body)
        if request.fields.get("stream") is not True or not _ASKABLE & request.fields.keys():
            return Prepared(body, request.model)
        options = request.fields.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage") is True:
            return Prepared(body, request.model)
        return Prepared(_asking_for_usage(body, options), request.model, hide_usage=True)

    def editor(self, redactor: Redactor, *, hide_usage: bool) -> StreamEditor:
        """Return an editor for one response stream."""
        return SseEditor(redactor, OpenAiShape(), hide_usage=hide_usage)

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

    def tail(self, key: Key, text: str, last: JsonObject) -> bytes:
        """Return a frame that brings the last piece of a text."""
        shape = self._response if isinstance(key[0], str) else self._chat
        return shape.tail(key, text, last)

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Remove what would retell the pieces that have changed."""
        self._of(event).changed(event, keys)

    def is_usage(self, event: JsonObject) -> bool:
        """Tell whether `event` is there for its usage alone."""
        return self._of(event).is_usage(event)


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

    def tail(self, key: Key, text: str, last: JsonObject) -> bytes:
        """Return one more chunk of the same completion."""
        chunk: JsonObject = {name: last[name] for name in ("id", "object", "created", "model") if name in last}
        chunk["choices"] = [{"index": key[0], **tree(key[1:], text), "finish_reason": None}]
        return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"

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
