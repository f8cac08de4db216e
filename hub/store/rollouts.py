"""Releases, and the publication that each tenant gets by them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.rollouts import releases, staged
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release.

    Attributes:
        tenant: whose publisher made it; empty for one that may concern all.
        plan: canonical JSON.
        wave: the one that is under way, from 0 on.
        judged: from when on it is judged.
    """

    id: str
    tenant: TenantId
    name: str
    made_by: str
    created: float
    state: str
    plan: bytes
    reason: str = ""
    wave: int = 0
    started: float | None = None
    wave_at: float | None = None
    judged: float | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """One tenant's publication in a release.

    Attributes:
        wave: None until the release starts.
        expires: until when its publisher vouches for it.
        note: what went wrong.
    """

    release: str
    tenant: TenantId
    state: str
    revision: str
    version: int
    sha256: str
    expires: float
    at: float
    wave: int | None = None
    placed: float | None = None
    note: str = ""


async def add(connection: AsyncConnection, release: StoredRelease) -> None:
    """Store a new release."""
    values = {name: getattr(release, name) for name in StoredRelease.__slots__}
    await connection.execute(insert_into(connection, releases).values(**values))


async def find(connection: AsyncConnection, name: str, *, lock: bool = False) -> StoredRelease | None:
    """Return a release; with `lock`, nobody else changes it until commit."""
    query = select(releases).where(releases.c.id == name)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _release(row)


async def listed(
    connection: AsyncConnection, tenants: Collection[TenantId] | None, *, limit: int = 100
) -> tuple[StoredRelease, ...]:
    """Return releases of these tenants ("": of the fleet; None: all), the newest first."""
    query = select(releases).order_by(releases.c.created.desc(), releases.c.id).limit(limit)
    if tenants is not None:
        query = query.where(releases.c.tenant.in_(list(tenants)))
    return tuple(_release(row) for row in await connection.execute(query))


async def count(connection: AsyncConnection, tenant: TenantId, states: Collection[str]) -> int:
    """Return how many releases of a tenant ("": of the fleet) are in one of these states."""
    same = (releases.c.tenant == tenant) & releases.c.state.in_(list(states))
    return int((await connection.execute(select(func.count()).where(same))).scalar_one())


async def in_state(connection: AsyncConnection, state: str) -> tuple[StoredRelease, ...]:
    """Return all releases in a state, the oldest first."""
    query = select(releases).where(releases.c.state == state).order_by(releases.c.created, releases.c.id)
    return tuple(_release(row) for row in await connection.execute(query))


async def change(connection: AsyncConnection, known: StoredRelease, **values: object) -> bool:
    """Change fields of a release that still stands as it is known: state and wave; False if it does not."""
    same = (releases.c.id == known.id) & (releases.c.state == known.state) & (releases.c.wave == known.wave)
    found = await connection.execute(update(releases).where(same).values(**values).returning(releases.c.id))
    return found.first() is not None


def _release(row: Row[Any]) -> StoredRelease:
    return StoredRelease(**{name: getattr(row, name) for name in StoredRelease.__slots__})


async def put_staged(connection: AsyncConnection, item: Staged) -> bool:
    """Store a tenant's publication, in place of one that has not been placed; False where it is too late."""
    values = {name: getattr(item, name) for name in Staged.__slots__ if name != "wave"}
    fresh = {name: values[name] for name in values if name not in {"release", "tenant"}}
    statement = (
        insert_into(connection, staged)
        .values(**values)
        .on_conflict_do_update(index_elements=["release", "tenant"], set_=fresh, where=staged.c.state != "placed")
        .returning(staged.c.tenant)
    )
    return (await connection.execute(statement)).first() is not None


async def find_staged(connection: AsyncConnection, release: str, tenant: TenantId) -> Staged | None:
    """Return a tenant's publication in a release."""
    same = (staged.c.release == release) & (staged.c.tenant == tenant)
    row = (await connection.execute(select(staged).where(same))).first()
    return None if row is None else _staged(row)


async def all_staged(connection: AsyncConnection, release: str) -> tuple[Staged, ...]:
    """Return all publications of a release, by tenant."""
    query = select(staged).where(staged.c.release == release).order_by(staged.c.tenant)
    return tuple(_staged(row) for row in await connection.execute(query))


async def due(connection: AsyncConnection, release: str, wave: int, now: float, *, limit: int) -> tuple[Staged, ...]:
    """Return publications whose wave has come and that have not expired, the earliest waves first."""
    come = (staged.c.release == release) & (staged.c.state == "staged") & (staged.c.wave <= wave)
    query = select(staged).where(come & (staged.c.expires > now)).order_by(staged.c.wave, staged.c.tenant).limit(limit)
    return tuple(_staged(row) for row in await connection.execute(query))


async def expiring(connection: AsyncConnection, release: str, wave: int, until: float) -> tuple[Staged, ...]:
    """Return publications of one wave that will have expired by `until`."""
    late = (staged.c.release == release) & (staged.c.state == "staged") & (staged.c.wave == wave)
    query = select(staged).where(late & (staged.c.expires <= until)).order_by(staged.c.tenant)
    return tuple(_staged(row) for row in await connection.execute(query))


async def assign(connection: AsyncConnection, release: str, waves: Mapping[TenantId, int]) -> None:
    """Note in which wave each tenant is."""
    groups: dict[int, list[TenantId]] = {}
    for tenant, wave in waves.items():
        groups.setdefault(wave, []).append(tenant)
    for wave, tenants in groups.items():
        for start in range(0, len(tenants), 500):
            part = tenants[start : start + 500]
            same = (staged.c.release == release) & staged.c.tenant.in_(part)
            await connection.execute(update(staged).where(same).values(wave=wave))


async def mark(
    connection: AsyncConnection, item: Staged, state: str, *, placed: float | None = None, note: str = ""
) -> bool:
    """Note what became of a publication that was staged; False if somebody was first."""
    same = (staged.c.release == item.release) & (staged.c.tenant == item.tenant) & (staged.c.state == "staged")
    statement = update(staged).where(same).values(state=state, placed=placed, note=note)
    return (await connection.execute(statement.returning(staged.c.tenant))).first() is not None


async def counted(connection: AsyncConnection, release: str) -> Mapping[tuple[int | None, str], int]:
    """Return how many publications of a release stand where, by wave and state."""
    query = (
        select(staged.c.wave, staged.c.state, func.count())
        .where(staged.c.release == release)
        .group_by(staged.c.wave, staged.c.state)
    )
    return {(wave, state): count for wave, state, count in await connection.execute(query)}


async def open_for(connection: AsyncConnection, tenant: TenantId, states: frozenset[str]) -> tuple[StoredRelease, ...]:
    """Return the releases in one of these states in which the tenant's publication waits."""
    waits = (staged.c.tenant == tenant) & (staged.c.state == "staged")
    query = select(releases).join(staged, staged.c.release == releases.c.id).where(waits & releases.c.state.in_(states))
    return tuple(_release(row) for row in await connection.execute(query))


def _staged(row: Row[Any]) -> Staged:
    return Staged(**{name: getattr(row, name) for name in Staged.__slots__})
