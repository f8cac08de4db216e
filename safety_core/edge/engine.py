"""The seam between the gateway and whatever runs its rules."""

from __future__ import annotations

import asyncio
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


class BlockingEngine:
    """An engine for code without an event loop, such as a command that judges line by line. Use it with `with`.

    with BlockingEngine(RegoEngine(), bundle) as engine:
        decision = engine.judge(facts)
    """

    def __init__(self, engine: Engine, bundle: TrustedBundle) -> None:
        self._engine = engine
        self._bundle = bundle
        self._runner = asyncio.Runner()

    def __enter__(self) -> BlockingEngine:
        try:
            self._runner.run(self._engine.load(self._bundle))
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._runner.run(self._engine.close())
        finally:
            self._runner.close()

    def judge(self, facts: Facts) -> Decision:
        """Return every rule that fires for `facts`. Raises UnavailableError."""
        return self._runner.run(self._engine.judge(facts))
