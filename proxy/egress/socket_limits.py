"""How many sockets of realtime APIs there may be at the same time, and how fast their clients may speak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from safety_core.errors import LimitError
from safety_core.model.tool_call import AgentId

RATE: Final = 200
"""Messages of a client in a second, and twice as many at once: four times what 20 ms of sound in each come to."""

SOCKETS: Final = 64
"""Open at the same time, of all agents: 4 MiB of the edge's memory, and some more for each message under way."""

SOCKETS_EACH: Final = 16
"""Of one agent, so that it leaves some to others."""


class Openings:
    """Bounds how many sockets are open at the same time."""

    def __init__(self) -> None:
        self._open: Counter[AgentId] = Counter()

    def check(self, agent: AgentId) -> None:
        """Raise LimitError where this agent may open no more."""
        if self._open[agent] >= SOCKETS_EACH:
            raise LimitError(f"agent {agent}", f"has {SOCKETS_EACH} sockets open", "close one of them")
        if self._open.total() >= SOCKETS:
            raise LimitError("the edge", f"has {SOCKETS} sockets open", "try again when one of them has been closed")

    @contextmanager
    def one_more(self, agent: AgentId) -> Generator[None, None, None]:
        """Count one until the block ends."""
        self._open[agent] += 1
        try:
            yield
        finally:
            self._open[agent] -= 1


class Rate:
    """Bounds how fast messages may come: a bucket that fills by RATE each second and holds twice as much."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._left = 2.0 * RATE
        self._at = now()

    def take(self) -> None:
        """Take one. Raises LimitError where there is none."""
        now = self._now()
        self._left = min(2.0 * RATE, self._left + (now - self._at) * RATE)
        self._at = now
        if self._left < 1:
            raise LimitError("socket", f"brings more than {RATE} messages a second", "send larger pieces")
        self._left -= 1
