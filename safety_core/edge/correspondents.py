"""Who has written to which agent, in which session: durable, so that a job which an approval wakes after a restart can
still answer whoever asked for it. What a power cut takes is asked about again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from safety_core.edge.database import Database
from safety_core.edge.seen import Name, Seen, open_seen

SECONDS: Final = 30 * 86400.0
"""How long somebody who wrote may be answered."""

MOST: Final = 20_000
"""Correspondents that are kept; those who have not written for longest go first."""


class CorrespondentStore:
    """Who wrote, in one SQLite file. A place is (agent, session, channel, address)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wrote = Seen(database, "wrote", SECONDS, MOST)

    @classmethod
    async def open(cls, path: Path) -> CorrespondentStore:
        """Open or make the file. Raises UnavailableError."""
        return cls(await open_seen(path, "wrote"))

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def heard(self, place: Name, now: float) -> None:
        """Note that somebody wrote from `place`. Raises UnavailableError."""
        await self._wrote.note([place], now)

    async def wrote(self, place: Name, now: float) -> bool:
        """Tell whether somebody has written from `place`, and not too long ago. Raises UnavailableError."""
        at = (await self._wrote.times([place])).get(place)
        return at is not None and 0 <= now - at <= SECONDS
