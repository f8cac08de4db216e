"""Signing in and out, joining by an invite, and showing again that it is still you."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.console.cookies import cookie_name, drop_session, session_cookie, set_cookie, set_session
from hub.console.render import SECURITY_HEADERS
from hub.console.visit import Guest, OpenRoutes, PageRoutes, Visit
from hub.errors import ForbiddenError
from hub.people import keyring, limits, oidc, passkeys, sessions, totp
from hub.people.oidc import Returned
from hub.people.sessions import Browser, Opened
from hub.store import passkeys as store
from safety_core.canonical import JsonObject

TEAM: Final = "safety-team"
"""The cookie that binds a sign-in at the team's provider to this browser."""

_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")
"""A path of ours: no other host (`//host`, `/\\host`), no backslash, nothing that browsers drop or turn."""


def local_path(text: str) -> str:
    """Return where to go on, if it is a path of ours; the start page for anything else."""
    return text if _LOCAL.fullmatch(text) and "//" not in text.partition("?")[0] else "/"


async def show(guest: Guest) -> Response:
    """Show the ways to sign in."""
    after = local_path(guest.request.query_params.get("next", "/"))
    return guest.render("signin.html", next=after, team=guest.context.settings.oidc_name)


async def offer(guest: Guest) -> Response:
    """Give our script what `navigator.credentials.get` wants."""
    (await guest.json()).done()
    await limits.spend_address(guest.context, "sign-in", guest.address)
    return _json(await passkeys.offer_sign_in(guest.context))


async def sign_in(guest: Guest) -> Response:
    """Sign in with a passkey."""
    message = await guest.json()
    credential, after = message.mapping("credential"), local_path(message.text("next", "/"))
    message.done()
    await limits.spend_address(guest.context, "sign-in", guest.address)
    person = await passkeys.sign_in(guest.context, credential, guest.address)
    opened = await sessions.begin(guest.context, person, "passkey", browser_of(guest), confirmed=True)
    return _onward(guest, opened, after)


async def go_to_team(guest: Guest) -> Response:
    """Lead on to the team's OpenID provider. By a link, since a form of ours may lead nowhere else (CSP)."""
    await limits.spend_address(guest.context, "sign-in", guest.address)
    begun = await oidc.begin(guest.context, local_path(guest.request.query_params.get("next", "/")))
    answer = RedirectResponse(begun.address, 303, SECURITY_HEADERS)
    set_cookie(answer, guest.context, cookie_name(guest.context, TEAM), begun.cookie, oidc.STATE_SECONDS)
    return answer


async def come_from_team(guest: Guest) -> Response:
    """Take in whom the provider sends back, and sign them in."""
    await limits.spend_address(guest.context, "sign-in", guest.address)
    told, name = guest.request.query_params, cookie_name(guest.context, TEAM)
    returned = Returned(
        told.get("code", ""), told.get("state", ""), guest.request.cookies.get(name, ""), told.get("iss")
    )
    opened, after = await oidc.finish(guest.context, returned, browser_of(guest))
    answer = guest.go(after)
    set_session(answer, guest.context, opened)
    set_cookie(answer, guest.context, name, "", 0)
    return answer


async def invite(guest: Guest) -> Response:
    """Show an invite; a mail scanner that looks at it uses nothing up."""
    await limits.spend_address(guest.context, "invite", guest.address)
    person = await keyring.invited(guest.context, _token(guest))
    return guest.render("invite.html", person=person, path=f"/invite/{_token(guest)}")


async def offer_invited(guest: Guest) -> Response:
    """Give our script what `navigator.credentials.create` wants."""
    (await guest.json()).done()
    await limits.spend_address(guest.context, "invite", guest.address)
    return _json(await keyring.offer_by_invite(guest.context, _token(guest)))


async def join(guest: Guest) -> Response:
    """Make the first passkey, and sign in."""
    message = await guest.json()
    credential, name = message.mapping("credential"), message.text("name", "", limit=200)
    message.done()
    await limits.spend_address(guest.context, "invite", guest.address)
    opened = await keyring.join(guest.context, _token(guest), credential, name, browser_of(guest))
    return _onward(guest, opened, "/")


async def sign_out(visit: Visit) -> Response:
    """End this session."""
    await visit.form()
    await sessions.end(visit.context, visit.signed_in)
    answer = visit.go("/sign-in")
    drop_session(answer, visit.context)
    return answer


async def ask(visit: Visit) -> Response:
    """Ask somebody to show that it is still they."""
    return await _ask(visit, local_path(visit.request.query_params.get("next", "/")))


async def _ask(visit: Visit, after: str, wrong: str = "") -> Response:
    async with visit.context.database.read() as connection:
        known = await store.of_person(connection, visit.person.id)
    app = await totp.has(visit.context, visit.person)
    return visit.render("confirm.html", 403 if wrong else 200, next=after, passkeys=known, totp=app, wrong=wrong)


async def offer_again(visit: Visit) -> Response:
    """Give our script what `navigator.credentials.get` wants, for this person alone."""
    (await visit.json()).done()
    return _json(await passkeys.offer_confirmation(visit.context, visit.person, visit.session.hash))


async def confirm(visit: Visit) -> Response:
    """Go on in this session, under a new cookie, as somebody who is surely there."""
    message = await visit.json()
    credential, after = message.mapping("credential"), local_path(message.text("next", "/"))
    message.done()
    await limits.spend(visit.context, f"confirm {visit.person.id}", 20)
    await passkeys.confirm(visit.context, credential, visit.address, visit.person, visit.session.hash)
    return _onward(visit, await sessions.confirm(visit.context, visit.session), after)


async def confirm_code(visit: Visit) -> Response:
    """Do the same by a one-time code, for somebody who has no passkey."""
    form = await visit.form()
    after = local_path(form.get("next", "/"))
    async with visit.context.database.read() as connection:
        known = await store.of_person(connection, visit.person.id)
    if known:
        raise ForbiddenError("one-time code", "is not enough for somebody who has a passkey", "use your passkey")
    if not await totp.check(visit.context, visit.person, form.get("code", "")):
        return await _ask(visit, after, "This is not the code of now.")
    opened = await sessions.confirm(visit.context, visit.session)
    answer = visit.go(after)
    set_session(answer, visit.context, opened)
    return answer


def browser_of(guest: Guest) -> Browser:
    """Return where a new session will live."""
    return Browser(guest.address, guest.device, session_cookie(guest.request, guest.context))


def _token(guest: Guest) -> str:
    return str(guest.request.path_params["token"])


def _json(body: JsonObject) -> Response:
    return JSONResponse(body, headers=SECURITY_HEADERS)


def _onward(guest: Guest, opened: Opened, path: str) -> Response:
    answer = _json({"go": path})
    set_session(answer, guest.context, opened)
    return answer


ROUTES: Final[PageRoutes] = (
    ("POST", "/sign-out", sign_out),
    ("GET", "/confirm", ask),
    ("POST", "/confirm/offer", offer_again),
    ("POST", "/confirm/passkey", confirm),
    ("POST", "/confirm/code", confirm_code),
)
OPEN: Final[OpenRoutes] = (
    ("GET", "/sign-in", show),
    ("POST", "/sign-in/offer", offer),
    ("POST", "/sign-in/passkey", sign_in),
    ("GET", "/sign-in/team", go_to_team),
    ("GET", oidc.BACK, come_from_team),
    ("GET", "/invite/{token}", invite),
    ("POST", "/invite/{token}/offer", offer_invited),
    ("POST", "/invite/{token}/passkey", join),
)
