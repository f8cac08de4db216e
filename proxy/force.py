"""What is in force: one trusted policy with the engine that judges by it, swapped as one value.

A call keeps the policy it came in under to its end: the engine of a policy that was replaced is closed once nobody uses
it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final

from proxy.errors import NoPolicyError
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge import clock
from safety_core.edge.engine import Engine
from safety_core.edge.memory import give_back
from safety_core.errors import FreezeError, SafetyError
from safety_core.match.patterns import PatternSet
from safety_core.model.policy import Pattern, Policy

RETIRE_SECONDS: Final = 330.0
"""Longer than any call may wait for a person."""

_log = logging.getLogger(__name__)


class Force:
    """A trusted policy, its engine and its compiled patterns. Seconds since the epoch: when it `expires`, and when this
    process last took it, or the same anew, for the one that holds (`vouched`)."""

    def __init__(self, bundle: TrustedBundle, engine: Engine, patterns: PatternSet) -> None:
        self.policy: Final[Policy] = bundle.policy
        self.engine: Final = engine
        self.patterns: Final = patterns
        self.expires = bundle.expires
        self.vouched = clock.now()
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def used(self) -> Generator[None, None, None]:
        """Keep the engine open until the block ends."""
        self._users += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._idle.set()

    async def retire(self) -> None:
        """Close the engine once nobody uses it."""
        try:
            async with asyncio.timeout(RETIRE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("policy %s is still in use; its engine is closed all the same", self.policy.revision)
        finally:
            await self.engine.close()


class InForce:
    """Holds the `Force`.

    Args:
        start: starts the engine of a policy.
        grace: seconds that a policy stays in force past its expiry.
        compiled: compiles patterns, or takes them from where they are kept.
    """

    def __init__(
        self,
        start: Callable[[TrustedBundle], Awaitable[Engine]],
        grace: float,
        compiled: Callable[[Sequence[Pattern]], PatternSet] = PatternSet,
    ) -> None:
        self._start = start
        self._compiled = compiled
        self._grace = grace
        self._force: Force | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self.trouble: SafetyError | None = None
        """Why the newest policy is not in force, or why there is none."""

    @property
    def any(self) -> bool:
        """True if there is a policy, expired or not."""
        return self._force is not None

    def policy(self) -> Policy | None:
        """Return the policy in force, expired or not; None while there is none."""
        return None if self._force is None else self._force.policy

    def latest(self) -> Force:
        """Return the policy in force, expired or not: for what only ever takes away. Raises NoPolicyError."""
        if self._force is None:
            why = f" ({self.trouble})" if self.trouble else ""
            raise NoPolicyError(
                "policy",
                f"no trusted policy is in force{why}",
                "publish one for this tenant, or check the hub and root.json",
            )
        return self._force

    def current(self, now: float) -> Force:
        """Return the policy in force at `now`.

        Raises:
            NoPolicyError: there is none.
            FreezeError: it has expired, and so has the grace.
        """
        force = self.latest()
        if now > force.expires + self._grace:
            raise FreezeError(
                f"policy {force.policy.revision}",
                "has expired, and nothing newer came",
                "check the hub, and that it signs timestamps",
            )
        return force

    def extend(self, bundle: TrustedBundle) -> bool:
        """Take over a later expiry if `bundle` is the one in force, vouched for anew; return whether it is."""
        force = self._force
        if force is None or (bundle.revision, bundle.policy.version) != (force.policy.revision, force.policy.version):
            return False
        force.expires = bundle.expires
        force.vouched = clock.now()
        return True

    async def activate(self, bundle: TrustedBundle) -> Force:
        """Put `bundle` in force; until its engine runs, the old one stays. Raises what the engine raises."""
        patterns = await asyncio.to_thread(self._compiled, bundle.policy.patterns)
        force = Force(bundle, await self._start(bundle), patterns)
        old, self._force = self._force, force
        give_back()
        if old is not None:
            task = asyncio.create_task(old.retire())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
        return force

    async def close(self) -> None:
        """Close every engine."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        if self._force is not None:
            await self._force.engine.close()
