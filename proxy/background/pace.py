"""Repeats a task for ever, with capped backoff while it fails, and tells its health."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.errors import SafetyError

FIRST_RETRY: Final = 0.5
"""Seconds after the first failure; doubled with each further one. Tries that somebody hurried do not count: many new
questions in a short outage would make it a long one."""

RETRY_CAP: Final = 60.0
"""Seconds between two tries at most: an outage of any length is over a minute after its end."""

_log = logging.getLogger(__name__)


class Pace:
    """One task that goes on.

    Args:
        name: for the log and the status.
        work: one round of it; raises SafetyError where it could not be done.
        every: seconds between two rounds that went well, or what says how many it is this time.
        hurry: set by whoever wants the next round now.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        every: float | Callable[[], float],
        hurry: asyncio.Event | None = None,
    ) -> None:
        self.name: Final = name
        self._work = work
        self._every = every
        self._hurry = hurry or asyncio.Event()
        self._failures = 0
        self._pauses = 0
        self._done_at: float | None = None
        self._trouble = ""

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self._hurry.clear()
            await self.round()
            await self._rest()

    async def round(self) -> None:
        """Do one round and note how it went."""
        try:
            await self._work()
        except SafetyError as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one round must not end all rounds to come
            _log.exception("%s: internal error", self.name)
            self._failed(type(error).__name__)
        else:
            if self._failures:
                _log.info("%s: works again after %d failures", self.name, self._failures)
            self._failures, self._pauses, self._trouble, self._done_at = 0, 0, "", clock.now()

    def _failed(self, trouble: str) -> None:
        self._failures += 1
        if trouble != self._trouble:
            _log.warning("%s: %s", self.name, trouble)
        self._trouble = trouble

    async def _rest(self) -> None:
        seconds = self._every() if callable(self._every) else self._every
        if self._failures:
            backoff = min(RETRY_CAP, FIRST_RETRY * 2.0 ** min(self._pauses, 20))
            seconds = backoff * random.uniform(0.5, 1.0)  # noqa: S311 - spreads edges out after an outage
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            self._pauses += bool(self._failures)

    def to_json(self) -> JsonObject:
        """Return how it goes, for the status."""
        return {"task": self.name, "ok": not self._failures, "last_done": self._done_at, "trouble": self._trouble}
