"""News between the hub's parts: whoever waits is told that there may be something, and then looks.

A word is a hint and nothing more: it may come twice, for nothing, or (where a process died) not at all. So whoever
listens also looks on their own from time to time, and nothing is ever decided by a word. Ring after the commit; listen
before you look: so nothing is missed in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from typing import Final

from hub.store.engine import Database
from hub.store.relay import Relay
from safety_core.model.tool_call import TenantId


class Topic(StrEnum):
    """What may be new for a tenant."""

    FEED = "feed"
    """Something in the feed that its edge follows."""
    POLICY = "policy"
    """Another publication in its repository."""
    ORDERS = "orders"
    """Something that the hub asks of its edge."""
    INBOX = "inbox"
    """A question came, or one changed its state: for the pages of the console."""
    KEY = "key"
    """Another key, or none any more: whoever is connected by the old one is let go."""


EVERYBODY: Final = TenantId("")
"""Listening here hears the words of all tenants."""

CATCH_UP: Final = 1000
"""Tenants a second that are sent to look for what they may have missed."""

Hear = Callable[[TenantId, Topic], None]
"""Called in the event loop with each word; returns at once and raises nothing."""


class Ear:
    """What was heard since it was last asked; the same word twice is one."""

    __slots__ = ("_heard", "_some", "_topics")

    def __init__(self, topics: Collection[Topic]) -> None:
        self._topics = frozenset(topics)
        self._heard: set[tuple[TenantId, Topic]] = set()
        self._some = asyncio.Event()

    def hear(self, tenant: TenantId, topic: Topic) -> None:
        """Take in a word."""
        if topic in self._topics:
            self._heard.add((tenant, topic))
            self._some.set()

    async def heard(self) -> frozenset[tuple[TenantId, Topic]]:
        """Wait until there is a word; return all that are new."""
        await self._some.wait()
        self._some.clear()
        heard, self._heard = frozenset(self._heard), set()
        return heard


class Bus:
    """Brings each word to all who listen in this process, and by the database to the hub's other processes."""

    def __init__(self) -> None:
        self._hearers: dict[TenantId, list[Hear]] = {}
        self._relay: Relay | None = None
        self._catching_up: asyncio.Task[None] | None = None

    def ring(self, tenant: TenantId, topic: Topic) -> None:
        """Tell everybody. Never waits and never fails."""
        self._tell(tenant, topic)
        if self._relay is not None:
            self._relay.send(tenant, topic.value)

    @contextmanager
    def listen(self, tenants: Iterable[TenantId], topics: Collection[Topic] = frozenset(Topic)) -> Iterator[Ear]:
        """Listen to some tenants (or to `EVERYBODY`) as long as the block lasts."""
        ear, among = Ear(topics), frozenset(tenants)
        for tenant in among:
            self.attach(tenant, ear.hear)
        try:
            yield ear
        finally:
            for tenant in among:
                self.detach(tenant, ear.hear)

    def attach(self, tenant: TenantId, hear: Hear) -> None:
        """Have `hear` called with each word for the tenant until it is detached."""
        self._hearers.setdefault(tenant, []).append(hear)

    def detach(self, tenant: TenantId, hear: Hear) -> None:
        """Undo `attach`."""
        hearers = self._hearers[tenant]
        hearers.remove(hear)
        if not hearers:
            del self._hearers[tenant]

    def _tell(self, tenant: TenantId, topic: Topic) -> None:
        for among in (tenant, EVERYBODY):
            for hear in tuple(self._hearers.get(among, ())):
                hear(tenant, topic)

    def _told(self, tenant: str, topic: str) -> None:
        """Pass on what another process rang. What it calls by a name that we do not know is newer than we are."""
        if topic in _TOPICS:
            self._tell(TenantId(tenant), Topic(topic))

    def _lost(self) -> None:
        """Words may have been lost: have everybody look, a few at a time, since each of them asks us for it."""
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._catch_up(), name="hub: catching up")

    async def _catch_up(self) -> None:
        for count, tenant in enumerate(tuple(self._hearers), start=1):
            for topic in Topic:
                self._tell(tenant, topic)
            if count % CATCH_UP == 0:
                await asyncio.sleep(1)

    @asynccontextmanager
    async def relayed(self, database: Database) -> AsyncIterator[None]:
        """Be one with the hub's other processes on this database as long as the block lasts, if it can carry words."""
        if not database.shared:
            yield
            return
        self._relay = Relay(database.engine, self._told, self._lost)
        try:
            async with self._relay.going_on():
                yield
        finally:
            self._relay = None
            if self._catching_up is not None:
                self._catching_up.cancel()


_TOPICS: Final = frozenset(topic.value for topic in Topic)
