"""Letting signed requests in: each nonce once, over all processes of the hub, many nonces in one transaction.

While one transaction is under way the requests that come meanwhile gather for the next, so a busy hub waits for its
disk once for all of them. The same transaction reads which key each tenant has: a key that is remembered here saves a
look at the database, and decides nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from hub.store import nonces, tenants
from hub.store.engine import Database
from hub.store.nonces import Nonce
from safety_core.model.tool_call import TenantId

TOGETHER: Final = 500
"""Nonces in one transaction."""

REMEMBERED: Final = 50_000
"""Keys that are remembered; past that all are forgotten."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the database said of a request.

    Attributes:
        fresh: its nonce has not come before.
        public: the tenant's key at that moment; None: it has none.
    """

    fresh: bool
    public: str | None


class Admission:
    """One for each process."""

    def __init__(self) -> None:
        self._keys: dict[TenantId, str] = {}
        self._waiting: dict[Nonce, asyncio.Future[Admitted]] = {}
        self._task: asyncio.Task[None] | None = None

    def key_of(self, tenant: TenantId) -> str | None:
        """Return the key that the tenant had when it was last seen here. It need not be its key any more."""
        return self._keys.get(tenant)

    async def admit(self, database: Database, nonce: Nonce) -> Admitted:
        """Remember a nonce, durably. Raises UnavailableError."""
        if nonce in self._waiting:
            return Admitted(False, None)
        answer: asyncio.Future[Admitted] = asyncio.get_running_loop().create_future()
        self._waiting[nonce] = answer
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(database), name="hub: admission")
        return await answer

    async def _work(self, database: Database) -> None:
        while self._waiting:
            batch = list(self._waiting)[:TOGETHER]
            answers = {nonce: self._waiting[nonce] for nonce in batch}
            try:
                admitted = await self._remembered(database, batch)
            except Exception as error:  # noqa: BLE001 - each of those who wait is told
                for answer in answers.values():
                    _fail(answer, error)
            else:
                for nonce, answer in answers.items():
                    if not answer.done():
                        answer.set_result(admitted[nonce])
            for nonce in batch:
                del self._waiting[nonce]

    async def _remembered(self, database: Database, batch: list[Nonce]) -> dict[Nonce, Admitted]:
        async with database.write() as connection:
            fresh = await nonces.remember(connection, batch)
            keys = await tenants.keys_of(connection, {nonce.tenant for nonce in batch})
        if len(self._keys) > REMEMBERED:
            self._keys.clear()
        self._keys.update(keys)
        return {nonce: Admitted(nonce in fresh, keys.get(nonce.tenant)) for nonce in batch}


def _fail(answer: asyncio.Future[Admitted], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
