"""OpenAI's realtime API, in messages of a WebSocket, both ways. Source: OpenAI API reference, realtime.

What the client sends (`session.update`, `conversation.item.create`, `response.create`) is whole in one event. What
comes back continues from event to event, by response, item and content.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

import orjson

from proxy.providers.editor import EventEditor
from proxy.providers.framing import Messages
from proxy.providers.request import most_output
from proxy.providers.results import tool_results
from proxy.providers.shape import Key, Slot
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError, LimitError
from safety_core.flow.dialect import Dialect, Operation, Prepared, Purpose, StreamEditor
from safety_core.flow.egress_effects import Headers
from safety_core.flow.realtime import Kind, Notice
from safety_core.meter.tally import Tally
from safety_core.model.usage import MODEL_LENGTH, Usage
from safety_core.redact.redactor import Redactor

SOCKETS: Final[Mapping[str, tuple[str, ...]]] = {
    "openai": ("/v1/realtime",),
    "azure": ("/openai/realtime", "/openai/v1/realtime"),
}
"""Dialect -> the paths of its sockets. They name the model, or Azure's deployment, in the query."""

MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Of one message, both ways: a picture in base64 fits, and one second of sound has 64 KiB. OpenAI takes 15 MiB; so much
of each socket would not fit into the edge's memory."""

_NAMING: Final = frozenset({"model", "deployment"})
"""Parameters that name the model."""

_SOUND_FIELDS: Final = frozenset({"type", "audio", "event_id"})

_PLACES: Final = ("item_id", "output_index", "content_index")
"""What tells one text of a response from another; stands in a key as name and value."""

_ENDS: Final = frozenset({"done", "completed", "failed"})
"""How the types of events end that end a text."""

_HEARD: Final = "conversation.item.input_audio_transcription.completed"

_SOUND: Final = "audio.delta"
"""How the types of events end whose delta is sound."""


def model_of(query: str) -> str:
    """Return the model that a socket's query names. Raises InputError where it names none, or two: Azure does not look
    at case, and reads `deployment` where both are there."""
    fields = parse_qs(query, keep_blank_values=True)
    named = [value for name, values in fields.items() if name.lower() in _NAMING for value in values]
    if len(named) != 1 or not 0 < len(named[0]) <= MODEL_LENGTH or not named[0].isprintable():
        raise InputError("query", f"must name one model (1 to {MODEL_LENGTH} characters)", "add ?model=NAME")
    return named[0]


class Realtime:
    """Implements `safety_core.flow.dialect.Dialect` for the messages of a socket; a refusal before it stands has the
    shape of the provider's other errors."""

    def __init__(self, api: Dialect) -> None:
        self._api = api

    def prepare(self, body: bytes, operation: Operation) -> Prepared:
        """Read a client's message; nothing at all is what the socket begins with.

        Raises:
            InputError: it is not an object that says what it is.
        """
        if not body:
            return Prepared(body, operation.model)
        fields = _fields(body)
        asked = fields.get("response")
        response = asked if isinstance(asked, dict) else {}
        inputs = response.get("input")
        items = [fields.get("item"), *(inputs if isinstance(inputs, list) else ())]
        results = tool_results({"input": items})
        return Prepared(body, operation.model, results=results, most_output=most_output(response))

    def editor(self, redactor: Redactor, content_type: str, *, hide_usage: bool) -> StreamEditor:
        """Return an editor of what the provider sends."""
        return EventEditor(redactor, RealtimeShape(), Messages(), hide_usage=hide_usage)

    def usage(self, document: Json) -> Usage | None:
        """Return the usage that an event states."""
        tally = Tally()
        tally.add(document)
        return tally.usage()

    def forget(self, body: bytes) -> bytes:
        """Return it as it is: there is no whole response."""
        return body

    def error(self, status: int, message: str) -> bytes:
        """Return the body of an error, in the provider's own shape."""
        return self._api.error(status, message)

    def error_headers(self, status: int) -> Headers:
        """Return the headers that go with it."""
        return self._api.error_headers(status)

    def error_event(self, message: str) -> bytes:
        """Return an `error` event."""
        error = {"type": "safety_gateway", "code": "refused", "message": message, "param": None, "event_id": None}
        return orjson.dumps({"type": "error", "event_id": "event_safety", "error": error})


def heard(raw: bytes) -> tuple[Kind, Purpose]:
    """Return what a client's message is, and what it is made for.

    Raises:
        InputError: it is not one of this API, or brings as sound what is none.
    """
    if len(raw) > MESSAGE_BYTES:
        raise LimitError("message", f"is larger than {MESSAGE_BYTES} bytes")
    fields = _fields(raw)
    name = fields.get("type")
    if name == "input_audio_buffer.append":
        _check_audio(fields)
        return Kind.SOUND, Purpose.COUNT
    return (Kind.ASKS, Purpose.TURN) if name == "response.create" else (Kind.OTHER, Purpose.COUNT)


def told(raw: bytes) -> Notice:
    """Return what a provider's message says of an answer. Raises InputError where it is not one of this API."""
    fields = _fields(raw)
    name = _name(fields)
    response = fields.get("response")
    if name == _HEARD:
        return Notice(Kind.HEARD, f"{fields.get('item_id')}/{fields.get('content_index')}", _usage(fields))
    if not isinstance(response, dict):
        sound = name.endswith(_SOUND)
        listener = _listener(fields.get("session"))
        return Notice(Kind.SOUND if sound else Kind.OTHER, str(fields.get("response_id", "")), listener=listener)
    answer = str(response.get("id", ""))
    if name == "response.created":
        return Notice(Kind.BEGINS, answer)
    if name != "response.done":
        return Notice(Kind.OTHER, answer)
    return Notice(Kind.ENDS, answer, _usage(response), whole=response.get("status") == "completed")


def _usage(owner: JsonObject) -> Usage | None:
    tally = Tally()
    tally.add({"usage": owner.get("usage")})
    return tally.usage()


def _listener(session: Json) -> str:
    """Return the model that writes down what is spoken, empty where a session names none: it stands in
    audio.input.transcription, and stood in input_audio_transcription before."""
    for path in (("audio", "input", "transcription", "model"), ("input_audio_transcription", "model")):
        value = session
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value[:MODEL_LENGTH]
    return ""


def _fields(raw: bytes) -> JsonObject:
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InputError("message", "is not JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise InputError("message", "must be an object with a type")
    return fields


def _check_audio(fields: JsonObject) -> None:
    """Refuse what would pass as sound and is something else: sound is searched for known secrets alone."""
    audio = fields.get("audio")
    try:
        base64.b64decode(audio if isinstance(audio, str) else "!", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("message", "does not bring its audio in base64") from error
    if not fields.keys() <= _SOUND_FIELDS or not isinstance(fields.get("event_id", ""), str):
        raise InputError("message", "brings more than audio")


class RealtimeShape:
    """Implements `proxy.providers.shape.Shape`. A key is the response's id, the event's name, and the places."""

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the `delta` of an event that brings text."""
        name = _name(event)
        if not name.endswith(".delta") or name.endswith(_SOUND) or not isinstance(event.get("delta"), str):
            return []
        return [Slot(_key(name.removesuffix(".delta"), event), event, "delta")]

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the text that is done; the response's own end closes all of its own."""
        name = _name(event)
        response = event.get("response")
        if name == "response.done" and isinstance(response, dict):
            return [(str(response.get("id", "")),)]
        stem, _, end = name.rpartition(".")
        return [_key(stem, event)] if end in _ENDS else []

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more delta of the same text."""
        event: JsonObject = {"type": f"{key[1]}.delta"}
        if key[0]:
            event["response_id"] = key[0]
        event |= {str(place): value for place, value in zip(key[2::2], key[3::2], strict=True)}
        return event | {"delta": text}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop the log probabilities of a piece that has changed: they spell it out token by token."""
        if event.get("logprobs"):
            event["logprobs"] = None

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with the response that is done."""
        return False


def _name(event: JsonObject) -> str:
    return str(event.get("type", ""))


def _key(stem: str, event: JsonObject) -> Key:
    key: Key = (str(event.get("response_id", "")), stem)
    for place in _PLACES:
        value = event.get(place)
        if isinstance(value, str | int):
            key = (*key, place, value)
    return key
