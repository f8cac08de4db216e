"""People and roles, for admins: of the whole hub, or of some tenants.

An admin looks after people whose every role lies where they are admin. Nobody changes what they themselves may do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from hub.console.visit import PageRoutes, Visit
from hub.errors import ForbiddenError, NotFoundError
from hub.people import directory, sessions
from hub.roles import EVERYWHERE, Role, Roles
from hub.store import people
from hub.store.people import Entry
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

PAGE: Final = "/people"


async def show(visit: Visit) -> Response:
    """Show whom this admin looks after."""
    return await _page(visit)


async def add(visit: Visit) -> Response:
    """Add somebody with a role, and show the link that invites them."""
    form = await visit.form()
    visit.require_fresh(PAGE)
    role, tenant = _role(form)
    _require_admin(visit, tenant)
    made = await directory.add(
        visit.context, form.get("name", "").strip(), form.get("email", "").strip(), by=_by(visit)
    )
    await directory.give(visit.context, made, role, tenant, by=_by(visit))
    link = await directory.invite(visit.context, made, by=_by(visit))
    return await _page(visit, invited=made.name, link=link)


async def invite(visit: Visit) -> Response:
    """Show a new link for somebody who is there."""
    form = await visit.form()
    visit.require_fresh(PAGE)
    entry = await _entry(visit, form.get("person", ""))
    if entry.disabled is not None:
        raise ForbiddenError(f"person {entry.person.name}", "is shut out", "let them in first")
    link = await directory.invite(visit.context, entry.person, by=_by(visit))
    return await _page(visit, invited=entry.person.name, link=link)


async def give(visit: Visit) -> Response:
    """Give a role."""
    return await _change(visit, directory.give)


async def take(visit: Visit) -> Response:
    """Take a role away."""
    return await _change(visit, directory.take)


async def _change(visit: Visit, change: Callable[..., Awaitable[None]]) -> Response:
    form = await visit.form()
    visit.require_fresh(PAGE)
    role, tenant = _role(form)
    _require_admin(visit, tenant)
    entry = await _entry(visit, form.get("person", ""), look=True)
    await change(visit.context, entry.person, role, tenant, by=_by(visit))
    return visit.go(PAGE)


async def shut_out(visit: Visit) -> Response:
    """Shut somebody out. It only tightens: no confirmation is asked."""
    form = await visit.form()
    entry = await _entry(visit, form.get("person", ""))
    await directory.shut_out(visit.context, entry.person, by=_by(visit))
    return visit.go(PAGE)


async def let_in(visit: Visit) -> Response:
    """Let somebody in again."""
    form = await visit.form()
    visit.require_fresh(PAGE)
    entry = await _entry(visit, form.get("person", ""))
    await directory.let_in(visit.context, entry.person.name, by=_by(visit))
    return visit.go(PAGE)


async def _page(visit: Visit, *, invited: str = "", link: str = "") -> Response:
    places = _places(visit.roles, await visit.tenants())
    async with visit.context.database.read() as connection:
        found = await people.entries(connection)
    shown = [entry for entry in found if _seen(visit, entry)]
    own = {entry.person.id for entry in shown if _looks_after(visit, entry)}
    return visit.render(
        "people.html",
        people=shown,
        places=places,
        roles=tuple(Role),
        invited=invited,
        link=link,
        looks_after=own,
        fresh=sessions.fresh(visit.session, visit.context.clock()),
    )


def _places(held: Roles, seen: tuple[TenantId, ...]) -> tuple[TenantId, ...]:
    """Return where somebody is admin. Raises ForbiddenError where that is nowhere."""
    if (Role.ADMIN, EVERYWHERE) in held.held:
        return (EVERYWHERE, *seen)
    places = tuple(tenant for tenant in seen if held.has(Role.ADMIN, tenant))
    if not places:
        raise ForbiddenError("people", "are looked after by admins", "ask an admin of the hub")
    return places


def _admin_at(visit: Visit, tenant: TenantId) -> bool:
    return visit.roles.has(Role.ADMIN, tenant)


def _require_admin(visit: Visit, tenant: TenantId) -> None:
    if not _admin_at(visit, tenant):
        raise ForbiddenError("role", "lies where you are not admin", "ask an admin of the hub")


def _seen(visit: Visit, entry: Entry) -> bool:
    """Tell whether an admin may know of somebody: who has a role where they are admin."""
    whole = _admin_at(visit, EVERYWHERE)
    return whole or any(_admin_at(visit, tenant) for _, tenant in entry.roles.held)


def _looks_after(visit: Visit, entry: Entry) -> bool:
    """Tell whether an admin may invite or shut out somebody: an invite is a way to be them, everywhere."""
    whole = _admin_at(visit, EVERYWHERE)
    inside = bool(entry.roles.held) and all(_admin_at(visit, tenant) for _, tenant in entry.roles.held)
    return entry.person.id != visit.person.id and (whole or inside)


async def _entry(visit: Visit, person: str, *, look: bool = False) -> Entry:
    """Return whom a form names. `look`: a role is to be changed there, so it is enough to see them."""
    async with visit.context.database.read() as connection:
        found = next((entry for entry in await people.entries(connection) if entry.person.id == person), None)
    if found is None or not _seen(visit, found):
        raise NotFoundError("person", "is not there")
    if found.person.id == visit.person.id:
        raise ForbiddenError("person", "is you", "have another admin do it, or `safety hub person`")
    if not look and not _looks_after(visit, found):
        raise ForbiddenError(f"person {found.person.name}", "has roles where you are not admin", "ask an admin there")
    return found


def _role(form: dict[str, str]) -> tuple[Role, TenantId]:
    word, _, tenant = form.get("role", "").partition("@")
    if word not in set(Role):
        raise InputError("role", "must be one of " + ", ".join(Role))
    return Role(word), TenantId(tenant or form.get("tenant", ""))


def _by(visit: Visit) -> str:
    return visit.person.name


ROUTES: Final[PageRoutes] = (
    ("GET", PAGE, show),
    ("POST", f"{PAGE}/add", add),
    ("POST", f"{PAGE}/invite", invite),
    ("POST", f"{PAGE}/give", give),
    ("POST", f"{PAGE}/take", take),
    ("POST", f"{PAGE}/shut-out", shut_out),
    ("POST", f"{PAGE}/let-in", let_in),
)
