"""What every endpoint has at hand, opened once at start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.admission import Admission
from hub.bus import Bus
from hub.keys import HubKeys
from hub.repository.files import Repositories
from hub.repository.shelf import BUNDLES, POLICIES, Shelf
from hub.settings import Settings
from hub.store.engine import Database
from hub.streams import Streams
from safety_core.bundle.contents import TrustedBundle
from safety_core.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Context:
    """The hub's parts. `clock` gives seconds since the epoch."""

    settings: Settings
    database: Database
    keys: HubKeys
    repositories: Repositories
    clock: Callable[[], float]
    bundles: Shelf[TrustedBundle] = field(default_factory=lambda: Shelf(BUNDLES))
    policies: Shelf[Policy | None] = field(default_factory=lambda: Shelf(POLICIES))
    replay: asyncio.Lock = field(default_factory=asyncio.Lock)
    bus: Bus = field(default_factory=Bus)
    streams: Streams = field(default_factory=Streams)
    admission: Admission = field(default_factory=Admission)
