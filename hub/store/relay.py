"""Words between the hub's processes on one PostgreSQL, by LISTEN and NOTIFY over one connection of its own.

Words are gathered while one statement is under way, so a thousand of them cost a few. They are sent after the commit,
not in it: a transaction that notifies takes a lock that all of them share. A connection that breaks is made anew, with
backoff; what was rung in between is unknown, and `lost` says so each time it stands.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

CHANNEL: Final = "safety_hub"

WORDS: Final = 64
"""Words in one notification: a tenant's name has up to 63 characters, and PostgreSQL takes less than 8,000 bytes."""

GATHER_SECONDS: Final = 0.01
"""How long words gather before they are sent: under load one statement carries those of a dozen requests."""

PROBE_SECONDS: Final = 15.0
"""How often a silent connection is asked whether it still stands, and how long it may take to answer."""

FIRST_RETRY: Final = 0.2
RETRY_CAP: Final = 10.0
"""Seconds before a broken connection is made anew: at first, and at most."""

CLOSING_SECONDS: Final = 2.0
"""How long a stopping process tries to send the words that are left."""

Word = tuple[str, str]

_log: Final = logging.getLogger(__name__)


class Relay:
    """Sends words to the other processes, and hears theirs.

    Args:
        told: called with tenant and topic of each word of another process.
        lost: called when words of others may have been missed.
    """

    def __init__(self, engine: AsyncEngine, told: Callable[[str, str], None], lost: Callable[[], None]) -> None:
        self._engine = engine
        self._told = told
        self._lost = lost
        self._name = secrets.token_hex(8)
        self._out: dict[Word, None] = {}  # in the order of the first ring; the same word twice is one
        self._some = asyncio.Event()
        self._broken = asyncio.Event()
        self._silent = asyncio.Event()  # nothing is left to send
        self._silent.set()

    def send(self, tenant: str, topic: str) -> None:
        """Have a word sent as soon as the connection is free."""
        self._out[tenant, topic] = None
        self._silent.clear()
        self._some.set()

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Hear and send as long as the block lasts; at its end, send what is left."""
        task = asyncio.create_task(self._run(), name="hub: relay")
        try:
            yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self._silent.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                async with self._connected() as connection:
                    if failures:
                        _log.warning("words between the hub's processes: connected again")
                    failures = 0
                    self._lost()
                    await self._serve(connection)
            except Exception as error:  # noqa: BLE001 - however the connection ends, another one is made
                if not failures:
                    _log.warning("words between the hub's processes: the connection broke (%s)", type(error).__name__)
            failures += 1
            pause = min(RETRY_CAP, FIRST_RETRY * 2.0 ** min(failures - 1, 10))
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads processes out

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        async with self._engine.connect() as pooled:
            try:
                connection: Any = (await pooled.get_raw_connection()).driver_connection
                self._broken.clear()
                connection.add_termination_listener(self._on_end)
                async with asyncio.timeout(PROBE_SECONDS):
                    await connection.add_listener(CHANNEL, self._on_word)
                yield connection
            finally:
                await pooled.invalidate()  # it listens: nobody else shall have it from the pool

    async def _serve(self, connection: Any) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await self._some.wait()
            if self._broken.is_set():
                raise ConnectionError
            await asyncio.sleep(GATHER_SECONDS)
            self._some.clear()
            async with asyncio.timeout(PROBE_SECONDS):
                await self._flush(connection)

    async def _flush(self, connection: Any) -> None:
        words, self._out = self._out, {}  # one that is rung again meanwhile is sent again
        several = list(words)
        payloads = [
            json.dumps([self._name, several[start : start + WORDS]], separators=(",", ":"))
            for start in range(0, len(several), WORDS)
        ]
        try:
            await connection.execute("SELECT pg_notify($1, word) FROM unnest($2::text[]) AS word", CHANNEL, payloads)
        except BaseException:
            self._out = words | self._out
            raise
        if not self._out:
            self._silent.set()

    def _on_end(self, _connection: Any) -> None:
        self._broken.set()
        self._some.set()

    def _on_word(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        try:
            name, words = json.loads(payload)
            if name != self._name:
                for tenant, topic in words:
                    self._told(str(tenant), str(topic))
        except (ValueError, TypeError):
            _log.warning("words between the hub's processes: one cannot be read")
