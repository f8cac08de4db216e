"""The events of Cohere's chat, second version. Source: Cohere API reference, "Chat with streaming"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proxy.providers.shape import Key, Slot
from safety_core.canonical import Json, JsonObject

_TEXTS: Final = ("text", "thinking")
_CLOSED_BY: Final = {"content-end": "content", "tool-call-end": "tool_calls"}


class CohereShape:
    """Implements `proxy.providers.shape.Shape`. A key is ("content", index, field), ("tool_calls", index) or
    ("tool_plan",).
    """

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the texts of a content, the arguments of a call, or the plan."""
        delta = event.get("delta")
        message = delta.get("message") if isinstance(delta, dict) else None
        if not isinstance(message, dict):
            return ()
        index = _index(event)
        found = [Slot(("tool_plan",), message, "tool_plan")] if isinstance(message.get("tool_plan"), str) else []
        content = message.get("content")
        if isinstance(content, dict):
            found += [Slot(("content", index, name), content, name) for name in _TEXTS if _has(content, name)]
        calls = message.get("tool_calls")
        function = calls.get("function") if isinstance(calls, dict) else None
        if isinstance(function, dict) and _has(function, "arguments"):
            found.append(Slot(("tool_calls", index), function, "arguments"))
        return found

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the content or call that ends; the message's end closes all, and what follows a plan ends that."""
        kind = str(event.get("type"))
        if kind in _CLOSED_BY:
            return [(_CLOSED_BY[kind], _index(event))]
        if kind in {"content-start", "tool-call-start"}:
            return [("tool_plan",)]
        return [()] if kind == "message-end" else []

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more delta of the same text."""
        if key[0] == "content":
            return _delta("content-delta", key[1], {"content": {str(key[2]): text}})
        if key[0] == "tool_calls":
            return _delta("tool-call-delta", key[1], {"tool_calls": {"function": {"arguments": text}}})
        return {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": text}}}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop the log probabilities of a piece that has changed: they hold its text and its tokens."""
        event.pop("logprobs", None)

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: usage comes with the message's end."""
        return False


def _has(owner: JsonObject, name: str) -> bool:
    return isinstance(owner.get(name), str)


def _index(event: JsonObject) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else 0


def _delta(kind: str, index: Json, message: JsonObject) -> JsonObject:
    return {"type": kind, "index": index, "delta": {"message": message}}
