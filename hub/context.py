"""What every endpoint has at hand, opened once at start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.bus import Bus
from hub.keys import HubKeys
from hub.policy.shelf import Shelf
from hub.repository import Repositories
from hub.settings import Settings
from hub.store.engine import Database
from hub.streams import Streams
from safety_core.model.tool_call import TenantId


class Bell:
    """Wakes the long polls of a tenant when it has news. Listen first, then look: so nothing is missed in between."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: dict[TenantId, asyncio.Event] = {}

    def listen(self, tenant: TenantId) -> asyncio.Event:
        """Return an event that is set at the tenant's next news."""
        return self._events.setdefault(tenant, asyncio.Event())

    def ring(self, tenant: TenantId) -> None:
        """Tell all who listen."""
        event = self._events.pop(tenant, None)
        if event is not None:
            event.set()


@dataclass(frozen=True, slots=True)
class Context:
    """The hub's parts. `clock` gives seconds since the epoch."""

    settings: Settings
    database: Database
    keys: HubKeys
    repositories: Repositories
    clock: Callable[[], float]
    bell: Bell = field(default_factory=Bell)
    shelf: Shelf = field(default_factory=Shelf)
    bus: Bus = field(default_factory=Bus)
    streams: Streams = field(default_factory=Streams)
