"""Removing what is over: sessions, challenges, counts of attempts. None of it counts any more before it goes."""

from __future__ import annotations

from hub.context import Context
from hub.store import challenges, sessions


async def tidy(context: Context) -> None:
    """Remove it all, once."""
    now = context.clock()
    async with context.database.write() as connection:
        await sessions.tidy(connection, now)
        await challenges.tidy(connection, now)
