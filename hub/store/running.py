"""Which tenant runs which revision since when, and how calls go under it: what a release is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import heartbeats
from hub.store.schema.rollouts import running, staged, tallies
from safety_core.model.tool_call import TenantId

SLOT_SECONDS: Final = 600
KEEP_SECONDS: Final = 7 * 86400
DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Running:
    """From `since` on, this revision was in force at the tenant."""

    tenant: TenantId
    revision: str
    version: int
    since: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What one heartbeat adds. `troubled`: the edge could not take the newest policy."""

    calls: int = 0
    denied: int = 0
    failed: int = 0
    troubled: bool = False


async def note(connection: AsyncConnection, now_running: Running, tally: Tally) -> None:
    """Take in what a heartbeat says; in its transaction, after the heartbeat's own row is written (and locked)."""
    mine = running.c.tenant == now_running.tenant
    query = select(running.c.revision, running.c.version).where(mine).order_by(running.c.id.desc()).limit(1)
    last = (await connection.execute(query)).first()
    if now_running.revision and (last is None or tuple(last) != (now_running.revision, now_running.version)):
        values = {name: getattr(now_running, name) for name in Running.__slots__}
        await connection.execute(insert_into(connection, running).values(**values))
    if tally != Tally():
        await _count(connection, now_running, tally)


async def _count(connection: AsyncConnection, at: Running, tally: Tally) -> None:
    statement = insert_into(connection, tallies).values(
        tenant=at.tenant,
        slot=int(at.since) // SLOT_SECONDS * SLOT_SECONDS,
        version=at.version,
        calls=tally.calls,
        denied=tally.denied,
        failed=tally.failed,
        troubled=at.since if tally.troubled else None,
    )
    new = statement.excluded
    sums = {name: tallies.c[name] + new[name] for name in ("calls", "denied", "failed")}
    troubled = func.coalesce(new.troubled, tallies.c.troubled)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "slot", "version"], set_={**sums, "troubled": troubled}
        )
    )


async def history(connection: AsyncConnection, tenant: TenantId, *, limit: int = 50) -> tuple[Running, ...]:
    """Return what was in force at a tenant, the newest first."""
    query = select(running).where(running.c.tenant == tenant).order_by(running.c.id.desc()).limit(limit)
    return tuple(Running(row.tenant, row.revision, row.version, row.since) for row in await connection.execute(query))


async def current(connection: AsyncConnection) -> tuple[Running, ...]:
    """Return what is in force at each tenant, by tenant."""
    newest = select(func.max(running.c.id)).group_by(running.c.tenant)
    query = select(running).where(running.c.id.in_(newest)).order_by(running.c.tenant)
    return tuple(Running(row.tenant, row.revision, row.version, row.since) for row in await connection.execute(query))


async def forget(connection: AsyncConnection, now: float) -> None:
    """Let go of tallies that nobody compares any more."""
    await connection.execute(delete(tallies).where(tallies.c.slot < now - KEEP_SECONDS))


def _placed(release: str) -> ColumnElement[bool]:
    return (staged.c.release == release) & (staged.c.state == "placed")


def _sums(condition: ColumnElement[bool]) -> Select[Any]:
    columns = (func.coalesce(func.sum(tallies.c[name]), 0) for name in ("calls", "denied", "failed"))
    joined = tallies.join(staged, tallies.c.tenant == staged.c.tenant)
    return select(*columns).select_from(joined).where(condition)


async def sums(
    connection: AsyncConnection, release: str, started: float, judged: float
) -> Mapping[str, tuple[int, int, int]]:
    """Return calls, denied and failed ones: `after`, `before` and at `others` (see `hub.policy.health`)."""
    first, since = int(judged) // SLOT_SECONDS * SLOT_SECONDS, started - DAY
    if judged > started:  # resumed: what stands in this slot is what it was halted for
        first += SLOT_SECONDS
    after = _placed(release) & (tallies.c.version == staged.c.version) & (tallies.c.slot >= first)
    before = _placed(release) & (tallies.c.version != staged.c.version) & (tallies.c.slot >= since)
    has_it = select(staged.c.tenant).where(_placed(release))
    columns = (func.coalesce(func.sum(tallies.c[name]), 0) for name in ("calls", "denied", "failed"))
    others = select(*columns).where((tallies.c.slot >= first) & tallies.c.tenant.not_in(has_it))
    queries = {"after": _sums(after), "before": _sums(before), "others": others}
    found: dict[str, tuple[int, int, int]] = {}
    for name, query in queries.items():
        calls, denied, failed = (await connection.execute(query)).one()
        found[name] = (int(calls), int(denied), int(failed))
    return found


async def standing(
    connection: AsyncConnection, release: str, judged: float, now: float, silent: float
) -> Mapping[str, int]:
    """Return how many tenants have the release (`placed`), run it, are alive, refuse it (`troubled`), fell `silent`."""
    joined = staged.outerjoin(heartbeats, heartbeats.c.tenant == staged.c.tenant)
    heard = func.coalesce(heartbeats.c.at, 0.0)
    refused = (
        select(tallies.c.tenant)
        .where((tallies.c.tenant == staged.c.tenant) & (tallies.c.troubled > staged.c.placed))
        .where((tallies.c.troubled > judged) & (tallies.c.version < staged.c.version))
        .exists()
    )
    quiet = (heard < staged.c.placed) & (heard > staged.c.placed - silent) & (staged.c.placed < now - silent)
    conditions = {
        "running": heartbeats.c.policy_version >= staged.c.version,
        "alive": heard > now - DAY,
        "troubled": refused,
        "silent": quiet & (staged.c.placed >= judged),
    }
    found = {}
    query = select(func.count()).select_from(joined).where(_placed(release))
    found["placed"] = int((await connection.execute(query)).scalar_one())
    for name, condition in conditions.items():
        found[name] = int((await connection.execute(query.where(condition))).scalar_one())
    return found
