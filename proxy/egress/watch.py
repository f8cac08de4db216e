"""Who looks on as requests pass: budgets, counters, traces. A watcher decides nothing and sees no content."""

from __future__ import annotations

from typing import Protocol

from safety_core.flow.exchange import Exchange, Prompt


class Watcher(Protocol):
    """Looks on. It raises nothing; whatever it does must be quick."""

    def began(self, prompt: Prompt) -> None:
        """A known client's request has come in whole."""

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        """It is over, once for each that began; None: it was cut off by a failure of ours, or the edge ends."""
