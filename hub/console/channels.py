"""One's own channels: by what one is told, from which level on; and who answers in one's place for a while."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from starlette.responses import Response

from hub.console.visit import PageRoutes, Visit
from hub.notices import channels, delegation
from hub.notices.quiet import zone_of
from hub.people import limits
from hub.roles import Role
from hub.store import deeds, people, telling
from hub.store.delegations import Delegation
from safety_core.errors import InputError, SafetyError
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId

PAGE: Final = "/settings/channels"

TRIES: Final = 20
"""Test messages and new channels of one person in five minutes."""


async def show(visit: Visit) -> Response:
    """Show them all."""
    return await _page(visit)


async def _page(visit: Visit, told: str = "", error: SafetyError | None = None) -> Response:
    context, person = visit.context, visit.person
    given = await delegation.listed(context, person.id)
    settings = context.settings
    return visit.render(
        "channels.html",
        channels=await channels.listed(context, person.id),
        push_key=channels.push_key(context),
        email=bool(settings.smtp),
        levels=[(level.word, level.word.replace("_", " ")) for level in Level],
        owned=[tenant for tenant in await visit.tenants() if visit.roles.has(Role.OWNER, tenant)],
        given=[await _words(visit, item) for item in given],
        told=told,
        error=error,
    )


async def _words(visit: Visit, item: Delegation) -> tuple[Delegation, str, bool]:
    """Return a delegation, the other person's name, and whether it is the visitor's own to end."""
    mine = item.person == visit.person.id
    async with visit.context.database.read() as connection:
        other = await people.find(connection, item.deputy if mine else item.person)
    return item, other.name if other else "somebody who is shut out", mine


async def add(visit: Visit) -> Response:
    """Add a channel: this browser, an e-mail address, a chat service."""
    form = await visit.form()
    visit.require_fresh(PAGE)
    await limits.spend(visit.context, f"channels {visit.person.id}", TRIES)
    context, person, kind = visit.context, visit.person.id, form.get("kind", "")
    try:
        if kind == "push":
            subscription = form.get("subscription", "").encode()
            channel = await channels.add_push(context, person, form.get("name", "") or "This browser", subscription)
        elif kind == "email":
            channel = await channels.add_email(context, person, form.get("address", "").strip())
        elif kind != "apprise":
            raise InputError("channel", "is none", "load the page again")
        else:
            channel = await channels.add_chat(context, person, form.get("name", ""), form.get("url", "").strip())
    except SafetyError as error:
        return await _page(visit, error=error)
    await _note(visit, "channel added", f"{channel.word} {channel.id}")
    return visit.go(PAGE)


async def choose(visit: Visit) -> Response:
    """Set from which level on a channel is used, and whether arguments leave the house by it."""
    form = await visit.form()
    level, detail = Level.named(form.get("least", "")), form.get("detail") == "1"
    if level is None:
        raise InputError("level", "is none")
    if detail:
        visit.require_fresh(PAGE)
    await channels.choose(visit.context, visit.person.id, form.get("channel", ""), level, detail=detail)
    await _note(visit, "channel set", f"{form.get('channel', '')} {level.word}{' with arguments' if detail else ''}")
    return visit.go(PAGE)


async def test(visit: Visit) -> Response:
    """Send a message that says it is a test, and tell what became of it."""
    form = await visit.form()
    await limits.spend(visit.context, f"channels {visit.person.id}", TRIES)
    try:
        await channels.test(visit.context, visit.person.id, form.get("channel", ""))
    except SafetyError as error:
        return await _page(visit, error=error)
    return await _page(visit, told="A test message was sent.")


async def remove(visit: Visit) -> Response:
    """Take a channel away."""
    form = await visit.form()
    await channels.remove(visit.context, visit.person.id, form.get("channel", ""))
    await _note(visit, "channel removed", form.get("channel", ""))
    return visit.go(PAGE)


async def delegate(visit: Visit) -> Response:
    """Let somebody answer in one's place, to the end of a day where the tenant is."""
    form = await visit.form()
    visit.require_fresh(PAGE)
    tenant = TenantId(form.get("tenant", ""))
    visit.require(Role.OWNER, tenant)
    try:
        ends = await _end_of(visit, tenant, form.get("until", ""))
        await delegation.give(visit.context, tenant, visit.person, form.get("deputy", "").strip(), ends)
    except SafetyError as error:
        return await _page(visit, error=error)
    return visit.go(f"{PAGE}#deputies")


async def _end_of(visit: Visit, tenant: TenantId, day: str) -> float:
    async with visit.context.database.read() as connection:
        zone = zone_of((await telling.find(connection, tenant)).zone)
    try:
        return datetime.combine(datetime.fromisoformat(day).date(), time(23, 59, 59), zone).timestamp()
    except (ValueError, OverflowError) as error:
        raise InputError("day", "is none") from error


async def withdraw(visit: Visit) -> Response:
    """End a delegation at once."""
    form = await visit.form()
    await delegation.withdraw(visit.context, visit.person, form.get("delegation", ""))
    return visit.go(f"{PAGE}#deputies")


async def _note(visit: Visit, deed: str, subject: str) -> None:
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed(deed, subject[:200]))


ROUTES: Final[PageRoutes] = (
    ("GET", PAGE, show),
    ("POST", f"{PAGE}/add", add),
    ("POST", f"{PAGE}/choose", choose),
    ("POST", f"{PAGE}/test", test),
    ("POST", f"{PAGE}/remove", remove),
    ("POST", "/settings/deputies/give", delegate),
    ("POST", "/settings/deputies/withdraw", withdraw),
)
