"""Looks for a new bundle: pulled, verified and proved by the store, then put in force as a whole."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from safety_core.edge.bundles import BundleStore

from proxy.force import InForce
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.errors import BundleError, PolicyError, SafetyError
from safety_core.model.record import AuditEntry, Event

Fetch = Callable[[str], Awaitable[bytes | None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PolicySync:
    """Keeps `in_force` at the newest trusted bundle. `fetch` None: there is no hub."""

    store: BundleStore
    in_force: InForce
    audit: AuditLog
    fetch: Fetch | None
    _pulling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load_last(self) -> None:
        """Put the last trusted bundle of this disk in force, if there is one that still holds."""
        try:
            bundle = self.store.load_last(clock.now())
            force = await self.in_force.activate(bundle)
        except SafetyError as error:
            self.in_force.trouble = error
            _log.warning("no policy from disk: %s", error)
            return
        await self._record(force.policy.revision, force.policy.version, "")

    async def pull(self) -> None:
        """Look once for a newer bundle. A bad one is recorded and changes nothing. Raises SafetyError."""
        if self.fetch is not None:
            async with self._pulling:
                await self._pull(self.fetch)

    async def _pull(self, fetch: Fetch) -> None:
        try:
            bundle = await self.store.refresh(fetch, clock.now())
            if bundle is None:
                return
            force = await self.in_force.activate(bundle)
        except (BundleError, PolicyError) as error:
            if type(error) is not type(self.in_force.trouble):
                await self._record("", 0, type(error).__name__)
            self.in_force.trouble = error
            raise
        await self._record(force.policy.revision, force.policy.version, "")
        _log.info("policy %s (version %d) is in force", force.policy.revision, force.policy.version)

    async def _record(self, revision: str, version: int, refused: str) -> None:
        rules = (refused,) if refused else ()
        outcome = "refused" if refused else "in force"
        await self.audit.append(
            AuditEntry(
                clock.now(), Event.POLICY, outcome=outcome, rules=rules, revision=revision, counts={"version": version}
            )
        )
