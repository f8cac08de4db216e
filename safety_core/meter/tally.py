"""The documents of one response -> its usage. A stream's numbers are cumulative: the later one replaces, nothing is
added.

Anthropic states some counts at the start and some at the end, so counts are replaced one by one. Who states a total
states everything (Gemini repeats and corrects itself with every chunk), so such a document replaces all that came
before.
"""

from __future__ import annotations

from dataclasses import replace

from safety_core.canonical import Json
from safety_core.meter.counts import Counts, counts_of
from safety_core.meter.mode import mode_of
from safety_core.meter.normal import TOTAL, normal_form
from safety_core.model.usage import MODEL_LENGTH, Usage


class Tally:
    """Collects the counts of one response."""

    def __init__(self) -> None:
        self._counts: Counts = {}
        self._mode = ""
        self._answered = ""

    def add(self, document: Json) -> bool:
        """Take in the next document; tell whether it states anything. A zero replaces nothing: in a cumulative count it
        means "not said here"."""
        found = counts_of(document)
        mode = mode_of(document)
        self._mode = self._mode if mode is None else mode
        self._answered = self._answered or _named(document)
        if any(found.get(name) for name in TOTAL):
            self._counts = found
        for name, count in found.items():
            if count or name not in self._counts:
                self._counts[name] = count
        return bool(found) or mode is not None

    def usage(self) -> Usage | None:
        """Return what has been stated so far, or None if nothing has."""
        usage = normal_form(self._counts)
        if usage and (self._mode or self._answered):
            return replace(usage, mode=self._mode, answered=self._answered)
        return usage


def _named(document: Json) -> str:
    """Return the model that a document says it is of: at its top, or in the message or response that begins."""
    if not isinstance(document, dict):
        return ""
    owners = (document, document.get("message"), document.get("response"))
    names = (owner.get(name) for owner in owners if isinstance(owner, dict) for name in ("model", "modelVersion"))
    return next((name for name in names if isinstance(name, str) and 0 < len(name) <= MODEL_LENGTH), "")
