"""Accounts, hourly totals towards meter events, and the events themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Select, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.billing import accounts, meter_events, metered
from hub.store.schema.edges import usage
from safety_core.model.tool_call import TenantId
from safety_core.model.usage import COUNTS

TOTALS: Final = ("requests", "estimated", "cost", "unpriced", *COUNTS)
"""What is added up, by the names of the usage table."""

DAY: Final = 24 * 3600


class Meter(StrEnum):
    """A total of an hour. COST is in micro-US-dollars (1e-6)."""

    COST = "cost"
    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"


@dataclass(frozen=True, slots=True)
class Account:
    """How a tenant is billed.

    Attributes:
        anchor: day of the month on which its periods begin, 1 to 28.
        customer: Stripe's id of the customer; empty where nothing is exported.
        most_cost, most_tokens: of one period, to warn about; nano-US-dollars; 0 for no limit.
    """

    tenant: TenantId
    anchor: int = 1
    customer: str = ""
    most_cost: int = 0
    most_tokens: int = 0


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """A part of one hour's total on its way to Stripe. `value` in units of the meter."""

    identifier: str
    tenant: TenantId
    meter: Meter
    hour: int
    value: int
    customer: str
    created: float
    state: str = "due"
    tried: int = 0
    first_tried: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Totals of one group of usage: of a day (start in seconds since the epoch), a model or an agent."""

    key: tuple[Any, ...]
    totals: dict[str, int]


async def account_of(connection: AsyncConnection, tenant: TenantId) -> Account:
    """Return how a tenant is billed; who has set nothing, by the calendar month."""
    row = (await connection.execute(select(accounts).where(accounts.c.tenant == tenant))).first()
    return Account(tenant) if row is None else Account(*row)


async def lock_account(connection: AsyncConnection, tenant: TenantId) -> Account | None:
    """Return an account that was set, locked until commit: one process at a time makes a tenant's events."""
    query = select(accounts).where(accounts.c.tenant == tenant).with_for_update()
    row = (await connection.execute(query)).first()
    return None if row is None else Account(*row)


async def all_accounts(connection: AsyncConnection) -> tuple[Account, ...]:
    """Return what was set, by tenant."""
    return tuple(Account(*row) for row in await connection.execute(select(accounts).order_by(accounts.c.tenant)))


async def put_account(connection: AsyncConnection, account: Account) -> None:
    """Set how a tenant is billed."""
    row = {
        "anchor": account.anchor,
        "customer": account.customer,
        "most_cost": account.most_cost,
        "most_tokens": account.most_tokens,
    }
    statement = insert_into(connection, accounts).values(tenant=account.tenant, **row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=row))


def _sums() -> list[Any]:
    return [cast(func.sum(usage.c[name]), BigInteger).label(name) for name in TOTALS]


async def totals_of(connection: AsyncConnection, tenant: TenantId, start: int, end: int) -> dict[str, int]:
    """Return a tenant's totals of the hours in [start, end)."""
    found = await _grouped(connection, _within(select(*_sums()), tenant, start, end), ())
    return found[0].totals


async def totals_by(
    connection: AsyncConnection, tenant: TenantId, start: int, end: int, names: tuple[str, ...]
) -> tuple[Row, ...]:
    """Return a tenant's totals in [start, end) for each value of the columns `names` ("hour", "agent", "model" ...)."""
    keys = [usage.c[name] for name in names]
    return await _grouped(connection, _within(select(*keys, *_sums()), tenant, start, end).group_by(*keys), names)


async def totals_by_day(connection: AsyncConnection, tenant: TenantId, start: int, end: int) -> tuple[Row, ...]:
    """Return a tenant's totals of each UTC day in [start, end) that has any."""
    day = (usage.c.hour - usage.c.hour % DAY).label("day")
    return await _grouped(connection, _within(select(day, *_sums()), tenant, start, end).group_by(day), ("day",))


def _within(query: Select[Any], tenant: TenantId, start: int, end: int) -> Select[Any]:
    return query.where((usage.c.tenant == tenant) & (usage.c.hour >= start) & (usage.c.hour < end))


async def _grouped(connection: AsyncConnection, query: Select[Any], names: tuple[str, ...]) -> tuple[Row, ...]:
    rows = await connection.execute(query)
    found = [
        Row(tuple(getattr(row, name) for name in names), {name: int(getattr(row, name) or 0) for name in TOTALS})
        for row in rows
    ]
    return tuple(sorted(found, key=lambda row: row.key))


async def metered_so_far(connection: AsyncConnection, tenant: TenantId, since: int) -> dict[tuple[Meter, int], int]:
    """Return by meter and hour, from the hour `since` on, how much has become events."""
    query = select(metered).where((metered.c.tenant == tenant) & (metered.c.hour >= since))
    return {(Meter(row.meter), row.hour): row.total for row in await connection.execute(query)}


async def put_events(connection: AsyncConnection, events: Iterable[tuple[MeterEvent, int]]) -> None:
    """Store new events, each with its hour's total once it counts. One that is there already changes nothing."""
    for event, total in events:
        statement = insert_into(connection, meter_events).values(
            identifier=event.identifier,
            tenant=event.tenant,
            meter=event.meter.value,
            hour=event.hour,
            value=event.value,
            customer=event.customer,
            created=event.created,
            state=event.state,
            tried=0,
            next_try=event.created,
            reason="",
        )
        await connection.execute(statement.on_conflict_do_nothing())
        progress = insert_into(connection, metered).values(
            tenant=event.tenant, meter=event.meter.value, hour=event.hour, total=total
        )
        await connection.execute(
            progress.on_conflict_do_update(
                index_elements=["tenant", "meter", "hour"],
                set_={"total": total},
                where=metered.c.total < total,
            )
        )


async def claim(connection: AsyncConnection, now: float, again: float, most: int) -> tuple[MeterEvent, ...]:
    """Take up to `most` events that are due, and keep others from taking them before `again`."""
    due = (meter_events.c.state == "due") & (meter_events.c.next_try <= now)
    query = select(meter_events.c.identifier).where(due).order_by(meter_events.c.next_try).limit(most)
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    statement = (
        update(meter_events)
        .where(meter_events.c.identifier.in_(query))
        .values(
            next_try=again,
            tried=meter_events.c.tried + 1,
            first_tried=func.coalesce(meter_events.c.first_tried, now),
        )
        .returning(*_columns())
    )
    return tuple(_event(row) for row in await connection.execute(statement))


async def settle(
    connection: AsyncConnection, identifier: str, state: str, now: float, *, reason: str = "", again: float = 0.0
) -> None:
    """Note what came of an event: "sent", "refused", "unsure", or "due" again at `again`."""
    values: dict[str, object] = {"state": state, "reason": reason[:300]}
    if state == "sent":
        values["sent"] = now
    if state == "due":
        values["next_try"] = again
    await connection.execute(update(meter_events).where(meter_events.c.identifier == identifier).values(**values))


async def decide(connection: AsyncConnection, tenant: TenantId, identifier: str, *, arrived: bool, now: float) -> bool:
    """Settle an event of which nobody knows what became: it has arrived, or it is due again. False if it is none."""
    again = {"state": "due", "next_try": now, "tried": 0, "first_tried": None}
    values = {"state": "sent", "sent": now} if arrived else again
    statement = (
        update(meter_events)
        .where(
            (meter_events.c.identifier == identifier)
            & (meter_events.c.tenant == tenant)
            & meter_events.c.state.in_(["unsure", "refused"])
        )
        .values(**values)
        .returning(meter_events.c.identifier)
    )
    return (await connection.execute(statement)).first() is not None


async def events_of(connection: AsyncConnection, tenant: TenantId, start: int, end: int) -> tuple[MeterEvent, ...]:
    """Return the events of the hours in [start, end), the oldest first."""
    query = (
        select(*_columns())
        .where((meter_events.c.tenant == tenant) & (meter_events.c.hour >= start) & (meter_events.c.hour < end))
        .order_by(meter_events.c.hour, meter_events.c.created, meter_events.c.meter)
    )
    return tuple(_event(row) for row in await connection.execute(query))


def _columns() -> list[Any]:
    names = [entry.name for entry in fields(MeterEvent)]
    return [meter_events.c[name] for name in names]


def _event(row: Any) -> MeterEvent:
    found = MeterEvent(*row)
    return replace(found, meter=Meter(found.meter))
