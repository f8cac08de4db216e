"""The events of OpenAI's realtime API, in messages of a WebSocket, both ways. Source: OpenAI API reference, realtime.

What the client sends (`session.update`, `conversation.item.create`, `response.create`) is whole in one event. What
comes back continues from event to event, by response, item and content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proxy.providers.shape import Key, Slot
from safety_core.canonical import JsonObject

_PLACES: Final = ("item_id", "output_index", "content_index")
"""What tells one text of a response from another; stands in a key as name and value."""

_SOUND: Final = "audio.delta"
"""How the types of events end whose delta is sound."""


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
        return [_key(name.removesuffix(".done"), event)] if name.endswith(".done") else []

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
