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
from safety_core.model.usage import Usage


class Tally:
    """Collects the counts of one response."""

    def __init__(self) -> None:
        self._counts: Counts = {}
        self._mode = ""

    def add(self, document: Json) -> None:
        """Take in the next document. A zero replaces nothing: in a cumulative count it means "not said here"."""
        found = counts_of(document)
        mode = mode_of(document)
        self._mode = self._mode if mode is None else mode
        if any(found.get(name) for name in TOTAL):
            self._counts = found
        for name, count in found.items():
            if count or name not in self._counts:
                self._counts[name] = count

    def usage(self) -> Usage | None:
        """Return what has been stated so far, or None if nothing has."""
        usage = normal_form(self._counts)
        return replace(usage, mode=self._mode) if usage and self._mode else usage
