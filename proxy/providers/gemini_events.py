"""The events of Gemini's streams: each is a whole response with the next part of its candidates' texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from proxy.providers.shape import Key, Slot
from safety_core.canonical import JsonObject

RETOLD: Final = frozenset(
    {"citationMetadata", "groundingSupports", "groundingChunks", "logprobsResult", "urlContextMetadata"}
)
"""What tells an answer's text again, or where in it something stands."""

_ABOUT: Final = ("modelVersion", "responseId")


class GeminiShape:
    """Implements `proxy.providers.shape.Shape`. A key is a candidate's index, and "text" or "thought"; what a model
    calls or runs comes whole.
    """

    def __init__(self) -> None:
        self._about: JsonObject = {}

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return the texts of the candidates' parts."""
        self._about |= {name: event[name] for name in _ABOUT if name in event}
        found: list[Slot] = []
        for index, candidate in _candidates(event):
            content = candidate.get("content")
            parts = content.get("parts") if isinstance(content, dict) else None
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, dict) and isinstance(part.get("text"), str):
                    found.append(Slot((index, "thought" if part.get("thought") is True else "text"), part, "text"))
        return found

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return the candidates that say why they end; an error ends all."""
        if "error" in event:
            return [()]
        return [(index,) for index, candidate in _candidates(event) if candidate.get("finishReason")]

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return one more event of the same candidate."""
        part: JsonObject = {"text": text, "thought": True} if key[1] == "thought" else {"text": text}
        return {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": key[0]}], **self._about}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Drop what would tell a changed text again."""
        touched = {key[0] for key in keys}
        for index, candidate in _candidates(event):
            if index in touched:
                for owner in (candidate, candidate.get("groundingMetadata")):
                    if isinstance(owner, dict):
                        _drop(owner)

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: every event says more."""
        return False


def _drop(owner: JsonObject) -> None:
    for name in RETOLD & owner.keys():
        del owner[name]


def _candidates(event: JsonObject) -> Iterator[tuple[int, JsonObject]]:
    listed = event.get("candidates")
    for position, candidate in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(candidate, dict):
            index = candidate.get("index")
            yield (index if isinstance(index, int) else position), candidate
