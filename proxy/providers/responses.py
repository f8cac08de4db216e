"""The events of OpenAI's responses API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proxy.providers.shape import Key, Slot
from safety_core.canonical import JsonObject

_PLACES: Final = ("item_id", "output_index", "content_index", "summary_index")
"""What tells one text from another; stands in a key as name and value, after the event's name."""

_ENDS: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "error"}
)


class ResponseShape:
    """Implements `proxy.providers.shape.Shape` for `response.*` events."""

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the `delta` of an event that is named after one."""
        name = _name(event)
        if not name.endswith(".delta") or not isinstance(event.get("delta"), str):
            return []
        return [Slot(_key(name.removesuffix(".delta"), event), event, "delta")]

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the text that is done; an item's or the response's own end closes all of its own."""
        name = _name(event)
        if name in _ENDS:
            return [()]
        return [_key(name.removesuffix(".done"), event)] if name.endswith(".done") else []

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more delta of the same text."""
        event: JsonObject = {"type": f"{key[0]}.delta"}
        event |= {str(place): value for place, value in zip(key[1::2], key[2::2], strict=True)}
        return event | {"delta": text, "sequence_number": last.get("sequence_number")}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop the log probabilities of a piece that has changed: they spell it out token by token."""
        if event.get("logprobs"):
            event["logprobs"] = []

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with the completed response."""
        return False


def is_response_event(event: JsonObject) -> bool:
    """Tell whether this is an event of this API, not of chat completions (some of whose kin have types too)."""
    return "choices" not in event and isinstance(event.get("type"), str)


def _name(event: JsonObject) -> str:
    return str(event.get("type", ""))


def _key(stem: str, event: JsonObject) -> Key:
    key: Key = (stem,)
    for place in _PLACES:
        value = event.get(place)
        if isinstance(value, str | int):
            key = (*key, place, value)
    return key
