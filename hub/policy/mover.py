"""The clerk's work on releases: halts those that do harm, moves what is due, begins the next wave.

A publication is put into the repository first and noted after that; both can be repeated. So whoever takes over from a
process that died in between does no harm, and two that work on one release at once do not either.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError, NotFoundError
from hub.policy import telling
from hub.policy.health import harm, taken_up
from hub.policy.lifecycle import Place, State
from hub.policy.releases import health_of, plan_of
from hub.policy.staging import Staging
from hub.store import rollouts, running
from hub.store.rollouts import Staged, StoredRelease
from safety_core.errors import BundleError

BATCH: Final = 16
"""Publications that are placed together: their disks' waits overlap, and one transaction notes them."""

ROUND_SECONDS: Final = 20.0
"""How long one round places publications; the clerk's lease is three times as long."""


async def move(context: Context) -> None:
    """Bring every release that is under way as far as it may go now."""
    now = context.clock()
    async with context.database.write() as connection:
        await running.forget(connection, now)
    async with context.database.read() as connection:
        under_way = await rollouts.in_state(connection, State.RUNNING.value)
    end = time.monotonic() + ROUND_SECONDS
    for stored in under_way:
        await _one(context, stored, end)


async def _one(context: Context, stored: StoredRelease, end: float) -> None:
    now = context.clock()
    async with context.database.read() as connection:
        health = await health_of(connection, stored, now)
    reason = harm(health)
    if reason:
        await _halt(context, stored, reason, now)
        return
    await _tell_expiring(context, stored, now)
    while time.monotonic() < end:
        async with context.database.read() as connection:
            current = await rollouts.find(connection, stored.id)
            items = await rollouts.due(connection, stored.id, stored.wave, now, limit=BATCH)
        if current is None or current.state != State.RUNNING.value:
            return
        if not items:
            await _advance(context, current, now)
            return
        await _place(context, items)


async def _place(context: Context, items: Sequence[Staged]) -> None:
    """Place publications. Raises UnavailableError where the disk does not take one: the next round tries again."""
    notes = await asyncio.gather(*(asyncio.to_thread(_put, context, item) for item in items), return_exceptions=True)
    now = context.clock()
    async with context.database.write() as connection:
        for item, note in zip(items, notes, strict=True):
            if isinstance(note, BaseException):
                continue
            if note:
                await rollouts.mark(connection, item, Place.FAILED.value, note=note)
                continue
            await rollouts.mark(connection, item, Place.PLACED.value, placed=now)
            await telling.over(connection, item.release, item.tenant, telling.EXPIRES, now)
            await telling.placed(connection, item, now)
    for item, note in zip(items, notes, strict=True):
        if note == "":
            context.bus.ring(item.tenant, Topic.POLICY)
            await asyncio.to_thread(Staging(context.settings.data).remove, item.release, item.tenant)
    trouble = next((note for note in notes if isinstance(note, BaseException)), None)
    if trouble is not None:
        raise trouble


def _put(context: Context, item: Staged) -> str:
    """Put one publication into its repository; return why that can never be done, or nothing."""
    try:
        context.repositories.put(item.tenant, Staging(context.settings.data).get(item.release, item.tenant))
    except (BundleError, ConflictError, NotFoundError) as error:
        return f"{error.thing} {error.reason}"
    return ""


async def _halt(context: Context, stored: StoredRelease, reason: str, now: float) -> None:
    async with context.database.write() as connection:
        if not await rollouts.change(connection, stored, state=State.HALTED.value, reason=reason):
            return
        await telling.halted(connection, stored, reason, now)


async def _tell_expiring(context: Context, stored: StoredRelease, now: float) -> None:
    """Tell of what will have expired when its wave comes at the earliest, while there is time to renew it."""
    waves, at = plan_of(stored).waves, stored.wave_at or now
    for number in range(stored.wave, len(waves)):
        until = max(now, at)
        async with context.database.read() as connection:
            late = await rollouts.expiring(connection, stored.id, number, until)
        for item in late:
            async with context.database.write() as connection:
                await telling.expires(connection, stored, item, number + 1, now)
        at += waves[number].soak


async def _advance(context: Context, stored: StoredRelease, now: float) -> None:
    """Begin the next wave once this one is placed, soaked and in force; what has expired is waited for to the end."""
    waves = plan_of(stored).waves
    if now < (stored.wave_at or now) + waves[stored.wave].soak:
        return
    async with context.database.read() as connection:
        health = await health_of(connection, stored, now)  # anew: what this round has placed nobody has taken up yet
    if health.placed and not taken_up(health):
        return
    last = stored.wave + 1 >= len(waves)
    async with context.database.write() as connection:
        if not last:
            await rollouts.change(connection, stored, wave=stored.wave + 1, wave_at=now)
            return
        counts = await rollouts.counted(connection, stored.id)
        if any(state == Place.STAGED.value for _, state in counts):
            return
        done = await rollouts.change(connection, stored, state=State.DONE.value)
    if done:
        await asyncio.to_thread(Staging(context.settings.data).drop, stored.id)
