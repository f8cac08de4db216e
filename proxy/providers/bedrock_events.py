"""The events of Bedrock: those of converse, and those that a model has of its own. Source: Amazon Bedrock API
reference, ConverseStream and "Inference request parameters and response fields"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Final

from proxy.providers.anthropic import MessageShape
from proxy.providers.shape import Key, Shape, Slot, tree
from safety_core.canonical import Json, JsonObject

_DELTA: Final = "contentBlockDelta"
_STOP: Final = "contentBlockStop"
_CONVERSE: Final = frozenset({"messageStart", "contentBlockStart", _DELTA, _STOP, "messageStop", "metadata"})
_ENDS: Final = frozenset({"messageStop", "metadata"})

_MESSAGE: Final = frozenset({"message_start", "content_block_start", "content_block_delta", "ping", "error"})
"""Types of events with which a stream of Anthropic's may begin."""

_OWN_TEXTS: Final = frozenset(
    {
        "arguments",
        "completion",
        "content",
        "generation",
        "outputText",
        "reasoning",
        "reasoning_content",
        "text",
        "thinking",
    }
)
"""Under these names models bring the pieces of a text."""

_REASONS: Final = ("completionReason", "finish_reason", "is_finished", "stop_reason")
"""Where models say that a text has ended."""

_METRICS: Final = "amazon-bedrock-invocationMetrics"
"""Bedrock adds it to a model's last event."""


class BedrockShape:
    """Implements `proxy.providers.shape.Shape` for all of them: the first event that has any texts tells which they
    are."""

    def __init__(self) -> None:
        self._shape: Shape | None = None

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the pieces of continued texts in `event`."""
        if self._shape is None and _exception(event) is None:
            self._shape = _shape(event)
        return self._shape.slots(event) if self._shape else []

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the beginnings of the keys whose texts end with `event`; an exception ends all."""
        if _exception(event) is not None:
            return [()]
        return (self._shape or _shape(event)).closing(event)

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return an event that brings the last piece of a text."""
        return (self._shape or _shape(last)).tail(key, text, last)

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Remove what would retell the pieces that have changed."""
        (self._shape or _shape(event)).changed(event, keys)

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes unasked, in events that are Bedrock's own custom."""
        return False


def _shape(event: JsonObject) -> Shape:
    if _CONVERSE & event.keys():
        return ConverseShape()
    return MessageShape() if event.get("type") in _MESSAGE else OwnShape()


def _exception(event: JsonObject) -> str | None:
    return next((name for name in event if name.endswith("Exception")), None)


class ConverseShape:
    """Events of converse, each under its type; Nova's own are the same."""

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the strings of a block's delta that continue one another; keys begin with the block's index."""
        block = event.get(_DELTA)
        delta = block.get("delta") if isinstance(block, dict) else None
        if not isinstance(block, dict) or not isinstance(delta, dict):
            return []
        return [*_deltas(delta, (_index(block),))]

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the block that stops; the message's end closes all."""
        if _ENDS & event.keys():
            return [()]
        block = event.get(_STOP)
        return [(_index(block),)] if isinstance(block, dict) else []

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more delta of the same block."""
        return {_DELTA: {"delta": tree(key[1:], text), "contentBlockIndex": key[0]}}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Do nothing: a block's events tell a text once."""

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: who asks for converse is always told."""
        return False


def _deltas(delta: JsonObject, prefix: Key) -> Iterator[Slot]:
    if isinstance(delta.get("text"), str):
        yield Slot((*prefix, "text"), delta, "text")
    for name, inner in (("toolUse", "input"), ("reasoningContent", "text")):
        owner = delta.get(name)
        if isinstance(owner, dict) and isinstance(owner.get(inner), str):
            yield Slot((*prefix, name, inner), owner, inner)
    results = delta.get("toolResult")
    for position, result in enumerate(results if isinstance(results, list) else ()):
        if isinstance(result, dict) and isinstance(result.get("text"), str):
            yield Slot((*prefix, "toolResult", position, "text"), result, "text")


def _index(block: JsonObject) -> int:
    index = block.get("contentBlockIndex")
    return index if isinstance(index, int) else 0


class OwnShape:
    """Events of Titan, Llama, Mistral, Cohere and others: texts under well-known names, at any depth. A key is the
    event's index, and the path in it."""

    def __init__(self) -> None:
        self._bringing: dict[Key, JsonObject] = {}

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the texts."""
        found = [*_texts(event, _about(event))]
        for slot in found:
            self._bringing[slot.key] = event
        return found

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the texts of what says that it has ended; the last event closes all."""
        if _METRICS in event or _ended(event) or any(_ended(value) for value in event.values()):
            return [()]
        if str(event.get("type", "")).endswith("-end"):
            return [_about(event)]
        return [
            (*_about(event), name, _place(item, position))
            for name, value in event.items()
            for position, item in _items(value)
            if _ended(item)
        ]

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return the event that brought the text's latest piece, with another one."""
        event = deepcopy(self._bringing.pop(key))
        for slot in _texts(event, _about(event)):
            slot.owner[slot.name] = text if slot.key == key else ""
        return event

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop the log probabilities: they spell a text out token by token."""
        for owner in (event, *(item for value in event.values() for _, item in _items(value))):
            if owner.get("logprobs"):
                owner["logprobs"] = None

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with the event that ends the answer."""
        return False


def _about(event: JsonObject) -> Key:
    return (_place(event, 0),)


def _ended(owner: Json) -> bool:
    return isinstance(owner, dict) and any(owner.get(name) for name in _REASONS)


def _texts(owner: JsonObject, prefix: Key) -> Iterator[Slot]:
    for name, value in owner.items():
        if isinstance(value, str):
            if name in _OWN_TEXTS:
                yield Slot((*prefix, name), owner, name)
        elif isinstance(value, dict):
            yield from _texts(value, (*prefix, name))
        for position, item in _items(value):
            yield from _texts(item, (*prefix, name, _place(item, position)))


def _items(value: Json) -> Iterator[tuple[int, JsonObject]]:
    items = enumerate(value) if isinstance(value, list) else ()
    return ((position, item) for position, item in items if isinstance(item, dict))


def _place(item: JsonObject, position: int) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else position
