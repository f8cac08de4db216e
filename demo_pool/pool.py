"""The pool: tenants that wait, visitors who have one, and their end."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import secrets
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from demo_pool.ledger import Ledger
from demo_pool.settings import Address, Settings
from demo_pool.tenancy import Tenant
from safety_core.errors import LimitError, SafetyError

TURN_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 10.0
HOUR: Final = 3600.0
MARGIN: Final = 60
"""How much longer a tenant would live by its own clock than by the pool's."""

WARM_SECONDS: Final = 12 * HOUR
"""A tenant that nobody came for makes room for a fresh one."""

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Visit:
    """A visitor, known by the hash of their key, for as long as they have a tenant.

    Attributes:
        address: of their network; kept in memory only.
        ends: when theirs is over, by the monotonic clock; 0 while they wait for one.
    """

    key: str
    address: str
    tenant: Tenant | None = None
    ends: float = 0.0


@dataclass(slots=True)
class Pool:
    """All tenants. `run` does the work; the front asks."""

    settings: Settings
    address: Address
    ledger: Ledger
    _visits: dict[str, Visit] = field(default_factory=dict)
    _waiting: deque[Visit] = field(default_factory=deque)
    _warm: deque[tuple[Tenant, float]] = field(default_factory=deque)
    _starting: set[asyncio.Task[None]] = field(default_factory=set)
    _ending: set[asyncio.Task[None]] = field(default_factory=set)
    _slots: set[int] = field(default_factory=set)
    _starts: dict[str, deque[float]] = field(default_factory=dict)
    _not_before: float = 0.0

    def admit(self, address: str) -> str:
        """Let a visitor in and return their key.

        Raises:
            LimitError: too many from their network, or all tenants are taken.
        """
        now, network = time.monotonic(), network_of(address)
        starts = self._starts.setdefault(network, deque())
        while starts and starts[0] < now - HOUR:
            starts.popleft()
        mine = sum(visit.address == network for visit in self._visits.values())
        if mine >= self.settings.per_address or len(starts) >= 3 * self.settings.per_address:
            raise LimitError("demo", "is in use from your network as often as it may be", "try again in an hour")
        if len(self._visits) >= self.settings.tenants:
            raise LimitError("demo", "is taken, every place of it", "come back in a while")
        starts.append(now)
        key = secrets.token_urlsafe(32)
        visit = self._visits[_hash(key)] = Visit(_hash(key), network)
        self._waiting.append(visit)
        self._hand_out()
        return key

    def visit(self, key: str) -> Visit | None:
        """Return whose key this is."""
        return self._visits.get(_hash(key)) if key else None

    def visit_lasts(self, visit: Visit) -> bool:
        """Tell whether a visit is not over."""
        return self._visits.get(visit.key) is visit

    def named(self, name: str) -> Tenant | None:
        """Return the visitor's tenant of this name."""
        found = (visit.tenant for visit in self._visits.values() if visit.tenant is not None)
        return next((tenant for tenant in found if tenant.name == name), None)

    def leave(self, visit: Visit) -> None:
        """End a visit now."""
        self._visits.pop(visit.key, None)
        with suppress(ValueError):
            self._waiting.remove(visit)
        if visit.tenant is not None:
            self._end(visit.tenant)

    async def run(self) -> None:
        """Keep tenants ready, and end what is over, until cancelled; then end all."""
        try:
            while True:
                self._turn()
                await asyncio.sleep(TURN_SECONDS)
        finally:
            for visit in [*self._visits.values()]:
                self.leave(visit)
            for starting in self._starting:
                starting.cancel()
            for tenant, _ in self._warm:
                self._end(tenant)
            await asyncio.gather(*self._starting, return_exceptions=True)
            await asyncio.gather(*self._ending, return_exceptions=True)

    def _turn(self) -> None:
        now = time.monotonic()
        for visit in [*self._visits.values()]:
            if visit.tenant is not None and (now > visit.ends or not visit.tenant.alive):
                self.leave(visit)
        for entry in [*self._warm]:
            if now > entry[1] or not entry[0].alive:
                self._warm.remove(entry)
                self._end(entry[0])
        for network in [name for name, starts in self._starts.items() if not starts or starts[-1] < now - HOUR]:
            del self._starts[network]
        self._hand_out()
        wanted = len(self._waiting) + self.settings.warm - len(self._warm) - len(self._starting)
        if wanted > 0 and not self._starting and now > self._not_before and len(self._slots) < self.settings.tenants:
            self._begin()  # one at a time: each takes a core for a while

    def _begin(self) -> None:
        slot = next(number for number in range(self.settings.tenants) if number not in self._slots)
        self._slots.add(slot)
        task = asyncio.create_task(self._start(Tenant(self.settings, self.ledger, slot)))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start(self, tenant: Tenant) -> None:
        try:
            seconds = WARM_SECONDS + self.settings.seconds + MARGIN
            await tenant.start(self.address.of(tenant.name), seconds)
        except SafetyError as error:
            _log.error("%s", error)
            self._not_before = time.monotonic() + RETRY_SECONDS
            self._slots.discard(tenant.slot)
            return
        except asyncio.CancelledError:
            self._slots.discard(tenant.slot)
            raise
        self._warm.append((tenant, time.monotonic() + WARM_SECONDS))
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._warm:
            visit = self._waiting.popleft()
            visit.tenant, _ = self._warm.popleft()
            visit.ends = time.monotonic() + self.settings.seconds

    def _end(self, tenant: Tenant) -> None:
        task = asyncio.create_task(self._ended(tenant))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _ended(self, tenant: Tenant) -> None:
        try:
            await tenant.end()
        except SafetyError as error:
            _log.error("%s", error)  # its slot stays taken, and its record: the next start of the pool clears it
        else:
            self._slots.discard(tenant.slot)


def network_of(address: str) -> str:
    """Return what one visitor's addresses have in common: the address itself, of IPv6 its first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
