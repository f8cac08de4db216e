"""What comes round by the clock: daily summaries, and the end of old rows. Jobs of the clerk."""

from __future__ import annotations

from typing import Final

from hub.context import Context
from hub.notices.audience import audience
from hub.notices.quiet import last_digest
from hub.store import links, outbox, telling
from hub.store.outbox import Draft

DIGEST_SECONDS: Final = 6 * 3600.0
"""A summary that could not be made in this time is left out."""

KEPT_SECONDS: Final = 30 * 86_400.0
"""How long it is kept what was sent, and that a link was used."""


async def digests(context: Context) -> None:
    """Put today's summaries into the outbox, once each."""
    now = context.clock()
    async with context.database.read() as connection:
        wanted = await telling.with_digest(connection)
    for tenant in wanted:
        async with context.database.write() as connection:
            day, moment = last_digest(await telling.find(connection, tenant), now)
            if now - moment > DIGEST_SECONDS:
                continue
            reached = await audience(connection, tenant, now)
            for channel in reached.for_alerts():
                subject = f"digest/{tenant}/{day}"
                draft = Draft(channel.person, channel.id, tenant, "digest", subject, {"day": day}, now)
                await outbox.add(connection, draft, now)


async def prune(context: Context) -> None:
    """Take out what is long over."""
    before = context.clock() - KEPT_SECONDS
    async with context.database.write() as connection:
        await outbox.forget(connection, before)
        await links.forget(connection, before)
