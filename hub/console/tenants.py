"""Tenants at a glance, and one in full: its edge, its alerts, its orders, its key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from hub import admin
from hub.alerts import BY_THEMSELVES
from hub.auth import revocation
from hub.bus import Topic
from hub.console.visit import PageRoutes, Visit
from hub.errors import ForbiddenError, NotFoundError
from hub.fleet import orders, witness
from hub.fleet.concerns import STALE_SECONDS
from hub.roles import EVERYWHERE, Role
from hub.store import alerts, checkpoints, deeds, fleet, running, tenants
from hub.store import orders as stored_orders
from hub.store.alerts import Alert
from hub.store.fleet import Hour, LastSeen
from hub.store.tenants import Tenant
from safety_core.cli.doctor.words import WORDS
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.activity import Count
from safety_core.wire.orders import OrderKind
from safety_core.wire.posture import Posture, Result

DAY: Final = 86400
REASON_CHARACTERS: Final = 150

ORDERS: Final = (
    (OrderKind.PULL, "Look for policy", "The edge looks for a newer signed policy now."),
    (OrderKind.DOCTOR, "Run the doctor", "The edge runs the command that its own settings name for it."),
    (OrderKind.BACKUP, "Make a backup", "The edge copies its databases, on its own disk."),
    (OrderKind.STATUS, "Ask how it is", "The edge sends a heartbeat now."),
)


@dataclass(frozen=True, slots=True)
class Glance:
    """A tenant in one row. `state`: how its edge is, in words; `mood`: good, warn, bad or plain; `posture`: what the
    doctor found last, in words."""

    tenant: Tenant
    seen: LastSeen | None
    alerts: Sequence[Alert]
    state: str
    mood: str
    posture: str

    @property
    def unknown(self) -> int:
        """How many alerts nobody has acknowledged."""
        return sum(alert.acknowledged is None for alert in self.alerts)


async def show_all(visit: Visit) -> Response:
    """Show every tenant that the person may see, those that need a look first."""
    mine, now = set(await visit.tenants()), visit.context.clock()
    async with visit.context.database.read() as connection:
        listed = [one for one in await tenants.listed(connection) if one.id in mine]
        seen = {one.tenant: one for one in await fleet.last_seen(connection)}
        opened: dict[TenantId, list[Alert]] = {}
        for alert in await alerts.all_open(connection):
            opened.setdefault(alert.tenant, []).append(alert)
    rows = [glance(tenant, seen.get(tenant.id), opened.get(tenant.id, []), now) for tenant in listed]
    rows.sort(key=lambda row: (("bad", "warn", "good", "plain").index(row.mood), -row.unknown, row.tenant.id))
    return visit.render("tenants.html", rows=rows, may_add=visit.roles.has(Role.ADMIN, EVERYWHERE))


def glance(tenant: Tenant, seen: LastSeen | None, opened: Sequence[Alert], now: float) -> Glance:
    """Return a tenant in one row. Pure."""
    state, mood = "fine", "good"
    if tenant.public is None:
        state, mood = "no key yet", "plain"
    elif seen is None:
        state, mood = "never heard", "warn"
    elif now - seen.at > STALE_SECONDS:
        state, mood = "stale: silent", "bad"
    elif any(alert.acknowledged is None for alert in opened):
        state, mood = "needs a look", "warn"
    return Glance(tenant, seen, opened, state, mood, posture_words(seen.posture if seen else None, now))


def posture_words(posture: Posture | None, now: float) -> str:
    """Return what the doctor found, in words."""
    if posture is None:
        return "nobody has run the doctor"
    old = "; nobody has looked for a day" if posture.stale(now) else ""
    opened, unproved = len(posture.named(Result.OPEN)), len(posture.named(Result.UNKNOWN))
    if opened:
        return f"{opened} way{'s' if opened > 1 else ''} out open{old}"
    if not posture.named(Result.BLOCKED):
        return f"nothing proved{old}"
    return "contained" + (f", {unproved} not proved" if unproved else "") + old


async def show(visit: Visit) -> Response:
    """Show one tenant in full."""
    tenant, now = _tenant(visit), visit.context.clock()
    visit.require(Role.VIEWER, tenant)
    async with visit.context.database.read() as connection:
        known = await tenants.find(connection, tenant)
        if known is None:
            raise NotFoundError(f"tenant {tenant}", "is not there")
        (seen,) = await fleet.last_seen(connection, tenant) or (None,)
        opened = await alerts.open_of(connection, tenant)
        values: dict[str, Any] = {
            "over": [alert for alert in await alerts.newest(connection, tenant) if alert.cleared is not None][:10],
            "head": await checkpoints.current(connection, tenant),
            "orders": await stored_orders.newest(connection, tenant),
            "ran": await running.history(connection, tenant, limit=5),
            "keys": await tenants.taken_back(connection, tenant),
        }
        hours = await fleet.hours_of(connection, tenant, now - DAY)
    return visit.render(
        "tenant.html",
        row=glance(known, seen, opened, now),
        seen=seen,
        open_checks=_open_checks(seen),
        calls=_by_hour(hours, Count.CALLS, now),
        denied=_by_hour(hours, Count.DENIED, now),
        order_kinds=ORDERS,
        by_themselves=BY_THEMSELVES,
        may_order=may_order(visit, tenant),
        may_admin=visit.roles.has(Role.ADMIN, tenant),
        **values,
    )


def may_order(visit: Visit, tenant: TenantId) -> bool:
    """Tell whether the person may ask this tenant's edge for something."""
    return visit.roles.has(Role.OWNER, tenant) or visit.roles.has(Role.ADMIN, tenant)


async def give_order(visit: Visit) -> Response:
    """Ask the tenant's edge for something."""
    form, tenant = await visit.form(), _tenant(visit)
    visit.require(Role.VIEWER, tenant)
    if not may_order(visit, tenant):
        raise ForbiddenError(f"tenant {tenant}", "asks for the role owner or admin", "ask an admin of the hub for it")
    kind = next((kind for kind in OrderKind if kind.value == form.get("kind")), None)
    if kind is None:
        raise InputError("order", "is not one that there is", "load the page again")
    agent, reason = form.get("agent", ""), form.get("reason", "")[:REASON_CHARACTERS]
    await orders.give(visit.context, kind, visit.deed(f"order {kind}", agent, tenant), agent=agent, reason=reason)
    return visit.go(f"/agents?tenant={tenant}" if form.get("back") == "agents" else f"/tenants/{tenant}#orders")


async def acknowledge(visit: Visit) -> Response:
    """Note that the person knows of an alert; where it does not end by itself, they may say that it is over."""
    form, tenant = await visit.form(), _tenant(visit)
    visit.require(Role.VIEWER, tenant)
    if not may_order(visit, tenant):
        raise ForbiddenError(f"tenant {tenant}", "asks for the role owner or admin", "ask an admin of the hub for it")
    now, over = visit.context.clock(), form.get("over") == "yes"
    async with visit.context.database.write() as connection:
        for alert in await alerts.open_of(connection, tenant):
            if str(alert.id) != form.get("alert"):
                continue
            subject = f"{alert.kind} {alert.subject}"
            if await alerts.acknowledge(connection, tenant, alert.id, visit.person.name, now):
                await deeds.note(connection, visit.deed("acknowledge alert", subject, tenant))
            if over and alert.kind not in BY_THEMSELVES:
                await alerts.clear(connection, alert, now)
                await deeds.note(connection, visit.deed("close alert", subject, tenant))
    visit.context.bus.ring(tenant, Topic.INBOX)
    return visit.go(f"/tenants/{tenant}")


async def revoke(visit: Visit) -> Response:
    """Take back the tenant's key."""
    await visit.form()
    tenant = _tenant(visit)
    visit.require(Role.ADMIN, tenant)
    await revocation.revoke(visit.context, visit.deed("revoke key", "", tenant))
    return visit.go(f"/tenants/{tenant}")


async def accept_log(visit: Visit) -> Response:
    """Let in another audit log."""
    await visit.form()
    tenant = _tenant(visit)
    visit.require(Role.ADMIN, tenant)
    visit.require_fresh(f"/tenants/{tenant}")
    await witness.let_in_new_log(visit.context, visit.deed("accept audit log", "", tenant))
    return visit.go(f"/tenants/{tenant}")


async def enrol(visit: Visit) -> Response:
    """Add a tenant, or let one register another key: show the one-time token, once."""
    name = (await visit.form()).get("name", "").strip()
    tenant = TenantId(name)
    visit.require(Role.ADMIN, tenant if name in await visit.tenants() else EVERYWHERE)
    visit.require_fresh("/tenants")
    token = await admin.add_tenant(visit.context, name)
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed("enrol", "", tenant))
    return visit.render("enrolled.html", name=name, token=token, url=visit.context.settings.origin)


def _tenant(visit: Visit) -> TenantId:
    return TenantId(visit.request.path_params["tenant"])


def _open_checks(seen: LastSeen | None) -> list[tuple[str, str, str]]:
    """Return what is open: what was tried, what it means, how it is closed."""
    opened = seen.posture.named(Result.OPEN) if seen is not None and seen.posture is not None else ()
    return [(WORDS[check].tried, WORDS[check].means, WORDS[check].fix) for check in opened]


def _by_hour(hours: Sequence[Hour], count: Count, now: float) -> list[tuple[str, float]]:
    """Return one point for each hour of the last day; an hour without a heartbeat is zero."""
    sums: dict[int, int] = {}
    for hour in hours:
        sums[hour.hour] = sums.get(hour.hour, 0) + hour.counts[count]
    last = int(now) // fleet.HOUR * fleet.HOUR
    starts = range(last - 23 * fleet.HOUR, last + 1, fleet.HOUR)
    return [(time.strftime("%H:%M", time.gmtime(start)), float(sums.get(start, 0))) for start in starts]


ROUTES: Final[PageRoutes] = (
    ("GET", "/tenants", show_all),
    ("POST", "/tenants", enrol),
    ("GET", "/tenants/{tenant}", show),
    ("POST", "/tenants/{tenant}/order", give_order),
    ("POST", "/tenants/{tenant}/acknowledge", acknowledge),
    ("POST", "/tenants/{tenant}/revoke", revoke),
    ("POST", "/tenants/{tenant}/accept-log", accept_log),
)
