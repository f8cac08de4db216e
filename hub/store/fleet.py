"""What edges report about themselves: the last heartbeat, and by the hour what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Executable, Row, Text, bindparam, case, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_in
from hub.store.schema.edges import alerts, heartbeats, tenants
from hub.store.schema.orders import hours, orders
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.model.tool_call import TenantId
from safety_core.wire.activity import Activity, Count
from safety_core.wire.fleet import Heartbeat, heartbeat_from_json
from safety_core.wire.posture import Posture, posture_from
from safety_core.wire.reader import Reader

HOUR: Final = 3600

KEPT_SECONDS: Final = 400 * 86400
"""How long hours are kept: a year can be held against the one before."""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When an edge last reported, what was in force there, and what its doctor had found.

    Attributes:
        beat: all of it that was understood; None where an earlier version of the hub took it in.
        passed_over: how much of it was not.
    """

    tenant: TenantId
    at: float
    policy: str
    policy_version: int
    posture: Posture | None
    beat: Heartbeat | None = None
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class Hour:
    """What was counted at a tenant within an hour under one policy. `hour`: its start, seconds since the epoch."""

    hour: int
    policy: str
    counts: Mapping[Count, int]


@dataclass(frozen=True, slots=True)
class Before:
    """What there was before a heartbeat: what the one before had counted; whether any alert is open, any order that
    halts or resumes was carried out. Most tenants have neither, and nothing more is asked then."""

    activity: Activity | None = None
    alerts: bool = True
    switches: bool = True


async def before(connection: AsyncConnection, tenant: TenantId) -> Before:
    """Return what there was before a heartbeat of this tenant, whose row is locked until commit where rows can be."""
    row = (await connection.execute(_BEFORE, {"mine": tenant})).first()
    if row is None:
        return Before()
    beat = _beat(row.told)
    return Before(None if beat is None else beat.activity, bool(row.opened), bool(row.switched))


async def put_heartbeat(connection: AsyncConnection, tenant: TenantId, beat: Heartbeat, now: float) -> None:
    """Store the newest heartbeat of a tenant."""
    versions: JsonObject = {component.value: version for component, version in beat.versions.items()}
    row = {
        "tenant": tenant,
        "at": now,
        "versions": canonical_bytes(versions),
        "policy": beat.policy,
        "policy_version": beat.policy_version,
        "pending": beat.pending,
        "unsent": beat.unsent,
        "posture": None if beat.posture is None else canonical_bytes(beat.posture.to_json()),
        "told": canonical_bytes(beat.to_json()),
        "passed_over": beat.passed_over,
    }
    await connection.execute(_put(connection.dialect.name), row)


async def count(
    connection: AsyncConnection, tenant: TenantId, beat: Heartbeat, added: Mapping[Count, int], now: float
) -> None:
    """Add what came since the heartbeat before to its hour."""
    row = {
        "tenant": tenant,
        "hour": int(now) // HOUR * HOUR,
        "policy": beat.policy,
        "first": now,
        "last": now,
        "beats": 1,
        **{each.value: added.get(each, 0) for each in Count},
        "pending": beat.pending,
        "unsent": beat.unsent,
    }
    await connection.execute(_count(connection.dialect.name), row)


_mine: Final[BindParameter[str]] = bindparam("mine", type_=Text())
_BEFORE: Final = (
    select(
        heartbeats.c.told,
        exists().where((alerts.c.tenant == _mine) & alerts.c.cleared.is_(None)).label("opened"),
        exists()
        .where((orders.c.tenant == _mine) & (orders.c.agent != "") & orders.c.settled.is_not(None))
        .label("switched"),
    )
    .where(heartbeats.c.tenant == _mine)
    .with_for_update(of=heartbeats)
)
"""Made once, as what follows: making a statement takes longer than doing it."""


@cache
def _put(dialect: str) -> Executable:
    statement = insert_in(dialect, heartbeats)
    row = {name: statement.excluded[name] for name in heartbeats.c.keys() if name != "tenant"}  # noqa: SIM118
    return statement.on_conflict_do_update(index_elements=["tenant"], set_=row)


@cache
def _count(dialect: str) -> Executable:
    statement = insert_in(dialect, hours)
    new = statement.excluded
    row: dict[str, ColumnElement[Any]] = {
        name: hours.c[name] + new[name] for name in ("beats", *(each.value for each in Count))
    }
    row |= {name: case((hours.c[name] > new[name], hours.c[name]), else_=new[name]) for name in ("pending", "unsent")}
    return statement.on_conflict_do_update(
        index_elements=["tenant", "hour", "policy"], set_={**row, "last": new["last"]}
    )


async def hours_of(connection: AsyncConnection, tenant: TenantId, since: float) -> tuple[Hour, ...]:
    """Return what was counted at a tenant, by hour and policy, the oldest first."""
    query = select(hours).where((hours.c.tenant == tenant) & (hours.c.hour >= since)).order_by(hours.c.hour)
    return tuple([_hour(row) for row in await connection.execute(query.order_by(hours.c.first))])


async def forget(connection: AsyncConnection, now: float) -> None:
    """Let go of hours that nobody compares any more."""
    await connection.execute(delete(hours).where(hours.c.hour < now - KEPT_SECONDS))


async def last_seen(connection: AsyncConnection, tenant: TenantId | None = None) -> tuple[LastSeen, ...]:
    """Return the last heartbeat of one tenant, or of every one."""
    query = select(heartbeats).order_by(heartbeats.c.tenant)
    if tenant is not None:
        query = query.where(heartbeats.c.tenant == tenant)
    return tuple([_seen(row) for row in await connection.execute(query)])


async def heard(connection: AsyncConnection) -> tuple[tuple[TenantId, float], ...]:
    """Return when each tenant was last heard of, of those whose key counts; one that never was is not among them."""
    joined = heartbeats.join(tenants, tenants.c.id == heartbeats.c.tenant)
    query = select(heartbeats.c.tenant, heartbeats.c.at).select_from(joined).where(tenants.c.public.is_not(None))
    return tuple([(TenantId(row.tenant), row.at) for row in await connection.execute(query)])


def _seen(row: Row[tuple[object, ...]]) -> LastSeen:
    posture = None if row.posture is None else posture_from(row.posture)
    beat = _beat(row.told)
    return LastSeen(TenantId(row.tenant), row.at, row.policy, row.policy_version, posture, beat, row.passed_over)


def _beat(stored: bytes | None) -> Heartbeat | None:
    return None if stored is None else heartbeat_from_json(Reader.parse(stored, "stored heartbeat"))


def _hour(row: Row[tuple[object, ...]]) -> Hour:
    counts = {each: int(getattr(row, each.value)) for each in Count}
    return Hour(row.hour, row.policy, counts)
