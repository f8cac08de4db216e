"""How a tenant's people are told: quiet hours, steps, the daily summary; and the programs that get its events."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from hub.console.visit import PageRoutes, Visit
from hub.errors import ForbiddenError
from hub.happenings import Event
from hub.notices import preferences, webhooks
from hub.roles import Role
from hub.store import deeds, people
from hub.store.telling import Telling
from safety_core.errors import InputError, SafetyError
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?")


def _place(tenant: TenantId) -> str:
    return f"/tenants/{tenant}/telling"


async def _tenant(visit: Visit) -> TenantId:
    """Return the tenant, for an owner or admin of it. A deputy only answers: a receiver would stay after them."""
    tenant = TenantId(visit.request.path_params["tenant"])
    visit.require(Role.VIEWER, tenant)
    async with visit.context.database.read() as connection:
        own = await people.roles_of(connection, visit.person.id)
    if not (own.has(Role.ADMIN, tenant) or own.has(Role.OWNER, tenant)):
        raise ForbiddenError(f"tenant {tenant}", "asks for the role owner or admin", "ask an admin of the hub for it")
    return tenant


async def show(visit: Visit) -> Response:
    """Show it all."""
    return await _page(visit, await _tenant(visit))


async def _page(visit: Visit, tenant: TenantId, secret: str = "", error: SafetyError | None = None) -> Response:
    context = visit.context
    steps = await preferences.steps(context, tenant)
    async with context.database.read() as connection:
        found = [(person, await people.find(connection, person), step) for person, step in steps.items()]
    return visit.render(
        "telling.html",
        tenant=tenant,
        place=_place(tenant),
        telling=await preferences.find(context, tenant),
        clock=_clock,
        people=[(person, known.name, step) for person, known, step in found if known],
        last_step=preferences.STEPS - 1,
        levels=[(level.word, level.word.replace("_", " ")) for level in Level],
        webhooks=await webhooks.listed(context, tenant),
        events=[event.value for event in Event],
        secret=secret,
        error=error,
    )


async def change(visit: Visit) -> Response:
    """Store how the tenant's people are told."""
    tenant, form = await _tenant(visit), await visit.form()
    try:
        chosen = Telling(
            zone=form.get("zone", ""),
            quiet_from=_minute(form.get("quiet_from", "")),
            quiet_to=_minute(form.get("quiet_to", "")),
            quiet_level=Level.named(form.get("quiet_level", "")) or Level.CRITICAL_RED,
            escalate_seconds=60 * _number(form, "escalate"),
            digest_minute=_minute(form["digest"]) if form.get("digest") else -1,
            hourly=_number(form, "hourly"),
        )
        await preferences.change(visit.context, tenant, chosen)
    except SafetyError as error:
        return await _page(visit, tenant, error=error)
    await _note(visit, tenant, "telling changed")
    return visit.go(_place(tenant))


async def step(visit: Visit) -> Response:
    """Put somebody into a step."""
    tenant, form = await _tenant(visit), await visit.form()
    number = _number(form, "step")
    await preferences.set_step(visit.context, tenant, form.get("person", ""), number)
    await _note(visit, tenant, "step changed", f"{form.get('person', '')} {number}")
    return visit.go(_place(tenant))


async def add_webhook(visit: Visit) -> Response:
    """Add a receiver, and show its secret once."""
    tenant, form = await _tenant(visit), await visit.form()
    visit.require_fresh(_place(tenant))
    events = [event.value for event in Event if form.get(f"event-{event.value}") == "1"]
    try:
        webhook, secret = await webhooks.add(visit.context, tenant, form.get("url", "").strip(), events)
    except SafetyError as error:
        return await _page(visit, tenant, error=error)
    await _note(visit, tenant, "webhook added", webhook.id)
    return await _page(visit, tenant, secret=secret)


async def remove_webhook(visit: Visit) -> Response:
    """Take a receiver away."""
    tenant, form = await _tenant(visit), await visit.form()
    await webhooks.remove(visit.context, tenant, form.get("webhook", ""))
    await _note(visit, tenant, "webhook removed", form.get("webhook", ""))
    return visit.go(_place(tenant))


async def _note(visit: Visit, tenant: TenantId, deed: str, subject: str = "") -> None:
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed(deed, subject[:200], tenant))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}" if minute >= 0 else ""


def _minute(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise InputError("time", "must be written as 22:00")
    return int(found[1]) * 60 + int(found[2])


def _number(form: dict[str, str], name: str) -> int:
    text = form.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise InputError(name, "must be a whole number")
    return int(text)


ROUTES: Final[PageRoutes] = (
    ("GET", "/tenants/{tenant}/telling", show),
    ("POST", "/tenants/{tenant}/telling", change),
    ("POST", "/tenants/{tenant}/telling/step", step),
    ("POST", "/tenants/{tenant}/telling/webhook", add_webhook),
    ("POST", "/tenants/{tenant}/telling/webhook/remove", remove_webhook),
)
