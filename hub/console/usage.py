"""What a tenant used: a period at a glance, by day, model and agent; as CSV; and how it is billed."""

from __future__ import annotations

import time
from typing import Final

from starlette.responses import Response

from hub.billing.meters import meters_from
from hub.billing.periods import LAST_ANCHOR, Period, before, named, period_at
from hub.billing.table import as_csv
from hub.console.render import SECURITY_HEADERS
from hub.console.visit import PageRoutes, Visit
from hub.errors import NotFoundError
from hub.roles import Role
from hub.store import billing
from hub.store.billing import Account, MeterEvent, Row
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.model.usage import NANO

PERIODS: Final = 12
"""How far back the page leads: a year."""

DAY: Final = 24 * 3600


async def usage(visit: Visit) -> Response:
    """Show a billing period of a tenant."""
    tenant, account = await _asked(visit)
    period = _period(visit, account)
    context = visit.context
    async with context.database.read() as connection:
        totals = await billing.totals_of(connection, tenant, period.start, period.end)
        days = await billing.totals_by_day(connection, tenant, period.start, period.end)
        models = await billing.totals_by(connection, tenant, period.start, period.end, ("provider", "model"))
        agents = await billing.totals_by(connection, tenant, period.start, period.end, ("agent",))
        events = await billing.events_of(connection, tenant, period.start, period.end)
    return visit.render(
        "usage.html",
        tenant=tenant,
        tenants=[(name, name) for name in await visit.tenants()],
        account=account,
        period=period,
        periods=[(earlier.name, earlier.name) for earlier in _earlier(context.clock(), account.anchor)],
        totals=totals,
        chart_days=_each_day(period, days, context.clock()),
        models=_dearest(models),
        agents=_dearest(agents),
        exports=_exports(events),
        unsure=[event for event in events if event.state in {"unsure", "refused"}],
        meters=meters_from(context.settings.stripe_meters) if context.settings.stripe_key_file else {},
        may_set=visit.roles.has(Role.ADMIN, tenant),
        last_anchor=LAST_ANCHOR,
    )


async def download(visit: Visit) -> Response:
    """Give a period's hours as CSV."""
    tenant, account = await _asked(visit)
    period = _period(visit, account)
    async with visit.context.database.read() as connection:
        rows = await billing.totals_by(
            connection, tenant, period.start, period.end, ("hour", "agent", "provider", "model")
        )
    name = f"usage-{tenant}-{period.name}.csv"
    headers = {**SECURITY_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


async def set_account(visit: Visit) -> Response:
    """Set how a tenant is billed."""
    form = await visit.form()
    tenant = TenantId(form.get("tenant", ""))
    visit.require(Role.ADMIN, tenant)
    account = Account(
        tenant,
        anchor=_whole(form, "anchor", 1, LAST_ANCHOR),
        customer=_customer(form.get("customer", "").strip()),
        most_cost=_whole(form, "most_dollars", 0, 10**7) * NANO,
        most_tokens=_whole(form, "most_tokens", 0, 2**50),
    )
    async with visit.context.database.write() as connection:
        await billing.put_account(connection, account)
    return visit.go(f"/usage?tenant={tenant}")


async def settle_event(visit: Visit) -> Response:
    """Take a person's word for what became of an event: it arrived, or it is to be sent again."""
    form = await visit.form()
    tenant = TenantId(form.get("tenant", ""))
    visit.require(Role.ADMIN, tenant)
    arrived, now = form.get("arrived") == "yes", visit.context.clock()
    async with visit.context.database.write() as connection:
        if not await billing.decide(connection, tenant, form.get("identifier", ""), arrived=arrived, now=now):
            raise NotFoundError("meter event", "is not there, or was settled meanwhile", "load the page again")
    return visit.go(f"/usage?tenant={tenant}")


async def _asked(visit: Visit) -> tuple[TenantId, Account]:
    mine = await visit.tenants()
    if not mine:
        raise NotFoundError("usage", "has no tenant to show", "ask an admin of the hub for a role at one")
    tenant = TenantId(visit.request.query_params.get("tenant") or mine[0])
    visit.require(Role.VIEWER, tenant)
    async with visit.context.database.read() as connection:
        return tenant, await billing.account_of(connection, tenant)


def _period(visit: Visit, account: Account) -> Period:
    name = visit.request.query_params.get("period")
    return named(name, account.anchor) if name else period_at(visit.context.clock(), account.anchor)


def _earlier(now: float, anchor: int) -> list[Period]:
    found = [period_at(now, anchor)]
    while len(found) < PERIODS:
        found.append(before(found[-1], anchor))
    return found


def _each_day(period: Period, rows: tuple[Row, ...], now: float) -> list[tuple[str, float]]:
    """Return the cost of every day of the period up to today, in dollars; a day without usage shows as a gap."""
    known = {int(row.key[0]): row.totals["cost"] / NANO for row in rows}
    days = range(period.start, min(period.end, int(now) + 1), DAY)
    return [(time.strftime("%d %b", time.gmtime(day)), round(known.get(day, 0.0), 4)) for day in days]


def _dearest(rows: tuple[Row, ...]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.totals["cost"], -row.totals["input_total"], row.key))


def _exports(events: tuple[MeterEvent, ...]) -> dict[str, dict[str, int]]:
    """Return by meter how many units are in which state."""
    found: dict[str, dict[str, int]] = {}
    for event in events:
        states = found.setdefault(event.meter.value, {})
        states[event.state] = states.get(event.state, 0) + event.value
    return found


def _whole(form: dict[str, str], name: str, least: int, most: int) -> int:
    try:
        value = int(form.get(name, "").strip() or 0)
    except ValueError as error:
        raise InputError(name, "must be a whole number") from error
    if not least <= value <= most:
        raise InputError(name, f"must lie in {least} to {most}")
    return value


def _customer(text: str) -> str:
    if text and not (text.startswith("cus_") and text.isascii() and text.replace("_", "").isalnum() and len(text) < 64):
        raise InputError("Stripe customer", "must be an id such as cus_1234")
    return text


ROUTES: Final[PageRoutes] = (
    ("GET", "/usage", usage),
    ("GET", "/usage.csv", download),
    ("POST", "/usage/account", set_account),
    ("POST", "/usage/event", settle_event),
)
