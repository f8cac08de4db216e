"""Anthropic: messages, counting their tokens, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from proxy.providers.api import JsonApi
from proxy.providers.batches import JSON_LINES, ResultsEditor
from proxy.providers.paths import Paths
from proxy.providers.shape import Key, Slot
from safety_core.canonical import JsonObject
from safety_core.flow.dialect import Purpose, StreamEditor
from safety_core.flow.egress_effects import Headers, UpstreamRequest
from safety_core.redact.redactor import Redactor

_WHOLE: Final = frozenset({"type", "id", "name", "signature", "data", "tool_use_id"})
"""Strings of a block or delta that come in one piece."""

_DELTAS: Final = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}
"""The field of a delta that continues a block, and the type of that delta."""

_KINDS: Final = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    424: "safety_gateway",
    502: "api_error",
    503: "api_error",
}


class MessageShape:
    """Implements `proxy.providers.shape.Shape` for message events."""

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the strings of a block's start and deltas, but those that come in one piece; keys begin with the
        block's index.

        A block's start and its deltas continue the same text ("text", "thinking").
        """
        index = event.get("index")
        owner = event.get(
            {"content_block_start": "content_block", "content_block_delta": "delta"}.get(str(event.get("type")), "")
        )
        if not isinstance(index, int) or not isinstance(owner, dict):
            return []
        return [
            Slot((index, name), owner, name)
            for name, value in owner.items()
            if isinstance(value, str) and name not in _WHOLE
        ]

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the block that stops; the message's own end closes all."""
        index = event.get("index")
        if event.get("type") == "content_block_stop" and isinstance(index, int):
            return [(index,)]
        return [()] if event.get("type") in {"message_delta", "message_stop", "error"} else []

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more delta of the same block."""
        index, name = key
        delta: JsonObject = {"type": _DELTAS.get(str(name), f"{name}_delta"), str(name): text}
        return {"type": "content_block_delta", "index": index, "delta": delta}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Do nothing: a message's events tell a text once."""

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with events that say more."""
        return False


def message_paths(prefix: str) -> tuple[tuple[str, str, Purpose], ...]:
    """Return what is listed of messages alone, below `prefix`."""
    return (
        ("POST", f"{prefix}/v1/messages", Purpose.TURN),
        ("POST", f"{prefix}/v1/messages/count_tokens", Purpose.COUNT),
    )


class Anthropic(JsonApi):
    """Implements `proxy.providers.dialects.Api`. Its streams state their usage without being asked."""

    base_url = "https://api.anthropic.com"
    paths = Paths(
        *message_paths(""),
        ("POST", "/v1/messages/batches", Purpose.BATCH),
        ("GET", "/v1/messages/batches", Purpose.LOOK),
        ("GET", "/v1/messages/batches/{id}", Purpose.LOOK),
        ("GET", "/v1/messages/batches/{id}/results", Purpose.LOOK),
        ("POST", "/v1/messages/batches/{id}/cancel", Purpose.LOOK),
        ("GET", "/v1/models", Purpose.LOOK),
        ("GET", "/v1/models/{id}", Purpose.LOOK),
    )
    shape = MessageShape

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key in one of their own."""
        return (*request.headers, (b"x-api-key", key.encode())) if key else request.headers

    def editor(self, redactor: Redactor, content_type: str, *, hide_usage: bool) -> StreamEditor | None:
        """Return an editor for server-sent events, or for a batch's results."""
        if content_type in JSON_LINES:
            return ResultsEditor(redactor)
        return super().editor(redactor, content_type, hide_usage=hide_usage)

    def error(self, status: int, message: str) -> bytes:
        """Return {"type": "error", "error": {"type", "message"}}."""
        kind = _KINDS.get(status, "invalid_request_error")
        return orjson.dumps({"type": "error", "error": {"type": kind, "message": message}})

    def error_event(self, message: str) -> bytes:
        """Return an `error` event, which the SDKs raise."""
        return b"event: error\ndata: " + self.error(502, message) + b"\n\n"
