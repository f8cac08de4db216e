"""Releases: made, filled with signed publications, started, watched, halted. Console, API and clerk all go this way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.context import Context
from hub.errors import ConflictError, ForbiddenError, NotFoundError
from hub.policy import lifecycle, telling
from hub.policy.health import SILENT_SECONDS, Counts, Health
from hub.policy.lifecycle import OPEN, Action, Place, State
from hub.policy.plan import Plan, assigned, plan_from_json
from hub.policy.reading import policy_of, verified
from hub.policy.staging import Staging
from hub.store import rollouts, running
from hub.store.rollouts import Staged, StoredRelease
from safety_core.canonical import canonical_bytes
from safety_core.edge import clock
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import Reader

OPEN_RELEASES: Final = 100
"""Releases that may be open at a time: of one tenant, and of the fleet. One tenant's keep nobody else's out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A release as people see it.

    Attributes:
        counts: publications by wave and state.
    """

    stored: StoredRelease
    plan: Plan
    counts: Mapping[tuple[int | None, str], int]
    health: Health

    @property
    def state(self) -> State:
        """Where it stands."""
        return State(self.stored.state)


async def make(context: Context, tenant: TenantId, by: str, name: str, plan: Plan) -> StoredRelease:
    """Make a release that waits for publications. `tenant`: the only one that it may concern; empty for any."""
    now = context.clock()
    stored = StoredRelease(
        clock.new_id(), tenant, name, by, now, State.STAGING.value, canonical_bytes({"waves": plan.to_json()})
    )
    async with context.database.write() as connection:
        if await rollouts.count(connection, tenant, OPEN) >= OPEN_RELEASES:
            raise ConflictError("release", f"{OPEN_RELEASES} are open already", "finish or abandon some")
        await rollouts.add(connection, stored)
    return stored


async def found(context: Context, name: str, tenant: TenantId) -> StoredRelease:
    """Return a release that who speaks for `tenant` may see (empty: for all tenants). Raises NotFoundError."""
    async with context.database.read() as connection:
        stored = await rollouts.find(connection, name)
    if stored is None or (tenant and stored.tenant != tenant):
        raise NotFoundError("release", "is not there")
    return stored


async def stage(context: Context, stored: StoredRelease, tenant: TenantId, files: Mapping[str, bytes]) -> Staged:
    """Take a tenant's publication in: verified as its edge would, kept apart until its wave comes.

    The same tenant again replaces what is staged, as long as that has not been placed: with a fresh timestamp, say.

    Raises:
        BundleError, InputError: no edge would take it up.
        ForbiddenError: the release is another tenant's own.
        ConflictError: something else was published in the meantime, or it is too late.
    """
    if stored.tenant not in {"", tenant}:
        raise ForbiddenError(
            "release", f"concerns {stored.tenant} alone", "make one of the fleet's, or of this tenant's"
        )
    now = context.clock()
    update = await asyncio.to_thread(verified, context.repositories, tenant, now, given={**files})
    await asyncio.to_thread(context.repositories.check, tenant, files)
    policy, expires = update.bundle.policy, update.bundle.expires
    published = await policy_of(context, tenant)
    if published is not None and policy.version <= published.version:
        raise ConflictError(f"version {policy.version}", "is published already", "publish under the next version")
    item = Staged(stored.id, tenant, Place.STAGED.value, policy.revision, policy.version, update.sha256, expires, now)
    async with context.database.read() as connection:
        await _check_open(connection, item)
    await asyncio.to_thread(Staging(context.settings.data).put, stored.id, tenant, files)
    async with context.database.write() as connection:
        await _check_open(connection, item)
        if not await rollouts.put_staged(connection, item):
            raise ConflictError("release", f"has reached {tenant} already", "make a new release")
        await telling.over(connection, stored.id, tenant, telling.EXPIRES, now)
    return item


async def _check_open(connection: AsyncConnection, item: Staged) -> None:
    """Refuse a new tenant where the waves are drawn already, and anything where nothing follows."""
    state = State((await _locked(connection, item.release)).state)
    known = await rollouts.find_staged(connection, item.release, item.tenant)
    if state not in OPEN or (state is not State.STAGING and known is None):
        raise ConflictError("release", f"is {state.value}", "make a new release")
    if known is not None and known.state == Place.PLACED.value:
        raise ConflictError("release", f"has reached {item.tenant} already", "make a new release")


async def act(context: Context, stored: StoredRelease, action: Action, reason: str = "") -> State:
    """Do what a person decided. Raises ConflictError where the release is in another state by now."""
    now = context.clock()
    async with context.database.write() as connection:
        current = await _locked(connection, stored.id)
        state = lifecycle.after(State(current.state), action)
        fields: dict[str, object] = {"state": state.value, "reason": reason}
        if action is Action.START:
            await _assign(connection, current)
            fields |= {"started": now, "wave_at": now, "judged": now, "wave": 0}
        elif action is Action.RESUME:
            fields |= {"judged": now, "reason": ""}
        elif action is Action.PROMOTE:
            if current.wave + 1 >= len(plan_of(current).waves):
                raise ConflictError("release", "is in its last wave", "wait until it is placed")
            fields |= {"wave": current.wave + 1, "wave_at": now}
        await rollouts.change(connection, current, **fields)
        if action in {Action.RESUME, Action.ABANDON}:
            await telling.all_over(connection, current.id, now)
    if state is State.ABANDONED:
        await asyncio.to_thread(Staging(context.settings.data).drop, stored.id)
    return state


async def _assign(connection: AsyncConnection, stored: StoredRelease) -> None:
    items = await rollouts.all_staged(connection, stored.id)
    if not items:
        raise InputError("release", "holds no publication yet", "safety policy publish --release")
    await rollouts.assign(connection, stored.id, assigned(plan_of(stored), [item.tenant for item in items], stored.id))


async def _locked(connection: AsyncConnection, name: str) -> StoredRelease:
    stored = await rollouts.find(connection, name, lock=True)
    if stored is None:
        raise NotFoundError("release", "is not there")
    return stored


def plan_of(stored: StoredRelease) -> Plan:
    """Return the plan that a release was made with."""
    return plan_from_json(Reader.parse(stored.plan, "plan"))


async def seen(context: Context, stored: StoredRelease) -> Seen:
    """Return a release with its progress and how it goes."""
    async with context.database.read() as connection:
        current = await rollouts.find(connection, stored.id) or stored
        counts = await rollouts.counted(connection, stored.id)
        return Seen(current, plan_of(current), counts, await health_of(connection, current, context.clock()))


async def health_of(connection: AsyncConnection, stored: StoredRelease, now: float) -> Health:
    """Return how a release goes; nothing is known of one that has not started."""
    if stored.started is None or stored.judged is None:
        return Health()
    sums = await running.sums(connection, stored.id, stored.started, stored.judged)
    standing = await running.standing(connection, stored.id, stored.judged, now, SILENT_SECONDS)
    after, before, others = (Counts(*sums[name]) for name in ("after", "before", "others"))
    return Health(after, before, others, **standing)
