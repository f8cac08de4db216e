"""The seam between the gateway and whatever runs its rules."""

from __future__ import annotations

from typing import Protocol

from safety_core.bundle.contents import TrustedBundle
from safety_core.model.facts import Facts
from safety_core.model.verdict import Decision


class Engine(Protocol):
    """Judges facts by the rules of one bundle. Every failure is an UnavailableError, never an empty answer."""

    async def load(self, bundle: TrustedBundle) -> None:
        """Judge by `bundle` from now on."""

    async def judge(self, facts: Facts) -> Decision:
        """Return every rule that fires for `facts`, under the revision that is loaded."""

    async def close(self) -> None:
        """Stop. Idempotent."""
