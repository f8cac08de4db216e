"""How a tenant's people want to be told: quiet hours, escalation, the daily summary, how much in an hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.context import Context
from hub.errors import NotFoundError
from hub.notices.quiet import zone_of
from hub.roles import Role
from hub.store import telling
from hub.store.telling import Telling
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

DAY_MINUTES: Final = 24 * 60
STEPS: Final = 5
"""Steps of an escalation, the first one with."""


async def find(context: Context, tenant: TenantId) -> Telling:
    """Return a tenant's settings."""
    async with context.database.read() as connection:
        return await telling.find(connection, tenant)


async def change(context: Context, tenant: TenantId, chosen: Telling) -> None:
    """Store a tenant's settings. Raises InputError naming the one that is wrong."""
    zone_of(chosen.zone)
    for name in ("quiet_from", "quiet_to"):
        _require(0 <= getattr(chosen, name) < DAY_MINUTES, name, "must be a minute of the day")
    _require(-1 <= chosen.digest_minute < DAY_MINUTES, "digest_minute", "must be a minute of the day, or -1")
    wait = chosen.escalate_seconds
    _require(wait == 0 or 60 <= wait <= 86_400, "escalate_seconds", "must be 0, or a minute to a day")
    _require(1 <= chosen.hourly <= 1000, "hourly", "must lie in 1 to 1000")
    async with context.database.write() as connection:
        await telling.put(connection, tenant, chosen)


async def steps(context: Context, tenant: TenantId) -> Mapping[str, int]:
    """Return who answers for a tenant (ids), and in which step each is told: 0 first."""
    async with context.database.read() as connection:
        chosen = await telling.steps(connection, tenant)
        return {person: chosen.get(person, 0) for person in await telling.holders(connection, tenant, (Role.OWNER,))}


async def set_step(context: Context, tenant: TenantId, person: str, step: int) -> None:
    """Put somebody who answers for a tenant into a step. Raises InputError, NotFoundError."""
    _require(0 <= step < STEPS, "step", f"must lie in 0 to {STEPS - 1}")
    async with context.database.write() as connection:
        if person not in await telling.holders(connection, tenant, (Role.OWNER,)):
            raise NotFoundError("person", "does not answer for this tenant")
        await telling.set_step(connection, tenant, person, step)


def _require(holds: bool, name: str, reason: str) -> None:
    if not holds:
        raise InputError(name, reason)
