"""The results of a batch: one a line, each with an answer of its own and what that consumed.

{"custom_id": "a", "result": {"type": "succeeded", "message": {"model": "m", "usage": {...}, ...}}}

Source: Anthropic API reference, "Retrieve Message Batch results". They come in any order, and may be fetched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from proxy.providers.editor import EventEditor
from proxy.providers.framing import Lines
from proxy.providers.shape import Key, Slot
from safety_core.canonical import JsonObject
from safety_core.flow.dialect import Edited, Stated
from safety_core.meter.tally import Tally
from safety_core.redact.redactor import Redactor

JSON_LINES: Final = frozenset({"application/x-jsonl", "application/jsonl", "application/binary"})
"""The media types of results; Anthropic has changed its mind."""


BATCH: Final = "batch"
"""How such an answer is billed (`Usage.mode`), whether it says so ("service_tier") or not."""


class ResultShape:
    """Implements `proxy.providers.shape.Shape`: nothing continues from line to line. Keeps what the lines state."""

    def __init__(self) -> None:
        self._stated: list[Stated] = []

    def taken(self) -> tuple[Stated, ...]:
        """Return what has been stated since the last time."""
        stated, self._stated = tuple(self._stated), []
        return stated

    def slots(self, event: JsonObject) -> Sequence[Slot]:
        """Return nothing."""
        return ()

    def closing(self, event: JsonObject) -> Sequence[Key]:
        """Return nothing, and keep what a line states."""
        result, name = event.get("result"), event.get("custom_id")
        message = result.get("message") if isinstance(result, dict) else None
        if isinstance(message, dict) and isinstance(name, str):
            tally = Tally()
            tally.add(message)
            usage = tally.usage()
            if usage is not None:
                self._stated.append(Stated(name, str(message.get("model", "")), replace(usage, mode=BATCH)))
        return ()

    def tail(self, key: Key, text: str, last: JsonObject) -> JsonObject:
        """Return nothing: no text is held back."""
        return {}

    def changed(self, event: JsonObject, keys: Sequence[Key]) -> None:
        """Do nothing: a message tells its text once."""

    def is_usage(self, event: JsonObject) -> bool:
        """Return False: every line says more."""
        return False


class ResultsEditor(EventEditor):
    """Redacts results line by line, each as a whole, and tells what each consumed."""

    def __init__(self, redactor: Redactor) -> None:
        self._results = ResultShape()
        super().__init__(redactor, self._results, Lines())

    def feed(self, chunk: bytes) -> Edited:
        """Take the next bytes and return the lines that may leave now."""
        return replace(super().feed(chunk), stated=self._results.taken())

    def end(self) -> Edited:
        """Return a last line without its end."""
        return replace(super().end(), stated=self._results.taken())

    def failed(self, message: str) -> bytes | None:
        """Return a line that is no result: whoever reads it knows that there are more."""
        return orjson.dumps({"type": "error", "error": {"type": "api_error", "message": message}}) + b"\n"
