"""Names that came with requests, as they may stand in a metric: at most so many different ones, each short and plain.

A metric's label is kept for ever by whoever scrapes it. So a name that is not made of a model's or an agent's usual
characters, or that a redactor changes, or that comes after `LABELS` others, counts as "other".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

LABELS: Final = 50
"""Different names of one kind."""

OTHER: Final = "other"

_PLAIN: Final = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,127}", re.ASCII)


class Labels:
    """Names of one kind: models, or agents."""

    def __init__(self, scrub: Callable[[str], str], most: int = LABELS) -> None:
        self._scrub = scrub
        self._most = most
        self._known: dict[str, None] = {}

    def of(self, name: str) -> str:
        """Return the name under which `name` is counted; empty where there is none."""
        if not name or name in self._known:
            return name
        if len(self._known) >= self._most or not _PLAIN.fullmatch(name) or self._scrub(name) != name:
            return OTHER
        self._known[name] = None
        return name

    def shown(self, name: str) -> str:
        """Return what is told of a counted name now: what has become a secret since is told no more."""
        return name if name in {"", OTHER} or self._scrub(name) == name else OTHER
