"""Hints from the hub wake the tasks that have something to fetch; without them, these look on their own more often.

A hint brings nothing and decides nothing: what is fetched is signed and verified as ever. While the stream stands,
looking is left to it, but for a look from time to time, since a hint can be lost where a process of the hub dies.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from safety_core.edge.hub import HubClient
from safety_core.errors import UnavailableError

SELDOM_SECONDS: Final = 120.0
"""Between two looks without a hint, while the stream stands."""

LASTING_SECONDS: Final = 10.0
"""A stream that stood for so long was one; the next is asked for soon, and not with the patience of a failure."""


class Hints:
    """Follows the hub's stream of hints."""

    def __init__(self, hub: HubClient) -> None:
        self._hub = hub
        self._wakes: dict[str, asyncio.Event] = {}
        self._since: float | None = None

    @property
    def connected(self) -> bool:
        """True while a stream stands."""
        return self._since is not None

    def of(self, topic: str, wake: asyncio.Event | None = None) -> asyncio.Event:
        """Return what is set whenever there may be news of `topic`: `wake`, if others set it too."""
        return self._wakes.setdefault(topic, wake or asyncio.Event())

    def every(self, seconds: float) -> Callable[[], float]:
        """Return how long to wait between two looks, for a task that would look every so many seconds on its own."""
        return lambda: max(seconds, SELDOM_SECONDS) if self.connected else seconds

    async def follow(self) -> None:
        """Follow one stream to its end. Raises UnavailableError where it could not be had, or not for long."""
        try:
            await self._hub.listen(self._heard)
            raise UnavailableError("hub", "ended the stream of hints", "the edge looks from time to time meanwhile")
        except UnavailableError:
            if self._since is None or asyncio.get_running_loop().time() - self._since < LASTING_SECONDS:
                raise
        finally:
            if self._since is not None:
                self._since = None
                self._wake_all()  # so that each task rests no longer than one that nobody wakes

    def _heard(self, topic: str) -> None:
        if not topic:
            self._since = asyncio.get_running_loop().time()
            self._wake_all()  # what happened before is found by looking
        elif topic in self._wakes:
            self._wakes[topic].set()

    def _wake_all(self) -> None:
        for wake in self._wakes.values():
            wake.set()


def soon() -> float:
    """Return a moment's pause, another one for each edge: all lose their streams at once when a hub is started anew."""
    return random.uniform(0.1, 2.0)  # noqa: S311 - spreads edges out
