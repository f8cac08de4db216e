"""Looks for a new bundle: pulled, verified and proved by the store, then put in force as a whole."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from proxy.force import InForce
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.bundles import BundleStore
from safety_core.errors import BundleError, PolicyError, SafetyError
from safety_core.model.record import AuditEntry, Event

Fetch = Callable[[str], Awaitable[bytes | None]]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class PolicySync:
    """Keeps `in_force` at the newest trusted bundle. `fetch` None: there is no hub."""

    store: BundleStore
    in_force: InForce
    audit: AuditLog
    fetch: Fetch | None
    _pulling: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: TrustedBundle | None = None
    """Trusted, but its engine did not start: tried again with each round."""

    async def load_last(self) -> None:
        """Put the last trusted bundle of this disk in force, if there is one that still holds.

        One that is genuine and cannot be put in force here, since this program reads it otherwise than the one that
        stored it, gives way to the bundle before it. One that was refused or deleted does not: nobody may bring back an
        older one.
        """
        try:
            self._waiting = self.store.load_last(clock.now())
            await self._put_in_force()
        except SafetyError as error:
            self.in_force.trouble = error
            _log.warning("no policy from disk: %s", error)
            if self._waiting is not None or isinstance(error, PolicyError):
                await self._load_previous(self._waiting)

    async def _load_previous(self, last: TrustedBundle | None) -> None:
        trouble = self.in_force.trouble
        try:
            self._waiting = self.store.load_previous(clock.now())
            await self._put_in_force()
        except SafetyError as error:
            self._waiting = last
            _log.warning("no policy from before the last one either: %s", error)
        self.in_force.trouble = trouble

    async def pull(self) -> None:
        """Look once for a newer bundle. A bad one is recorded and changes nothing. Raises SafetyError."""
        if self.fetch is not None:
            async with self._pulling:
                await self._pull(self.fetch)

    async def _pull(self, fetch: Fetch) -> None:
        try:
            self._waiting = await self.store.refresh(fetch, clock.now()) or self._waiting
        except (BundleError, PolicyError) as error:
            before, self.in_force.trouble = self.in_force.trouble, error
            if str(error) != str(before):
                await self._record("", 0, type(error).__name__)
            raise
        await self._put_in_force()
        self.in_force.trouble = None

    async def _put_in_force(self) -> None:
        bundle = self._waiting
        if bundle is not None and not self.in_force.extend(bundle):
            try:
                await self.in_force.activate(bundle)
            except SafetyError as error:
                self.in_force.trouble = error
                raise
            self.store.compiled(bundle.policy.patterns)
            await self._record(bundle.revision, bundle.policy.version, "")
            _log.info("policy %s (version %d) is in force", bundle.revision, bundle.policy.version)
        self._waiting = None

    async def _record(self, revision: str, version: int, refused: str) -> None:
        rules = (refused,) if refused else ()
        outcome = "refused" if refused else "in force"
        await self.audit.append(
            AuditEntry(
                clock.now(), Event.POLICY, outcome=outcome, rules=rules, revision=revision, counts={"version": version}
            )
        )
