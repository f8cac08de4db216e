"""Signing in and out, and joining by an invite."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import JSONResponse, Response

from hub.console.cookies import drop_session, session_cookie, set_session
from hub.console.render import SECURITY_HEADERS
from hub.console.settings import device_name
from hub.console.visit import Guest, OpenRoutes, PageRoutes, Visit
from hub.people import keyring, limits, passkeys, sessions
from hub.people.sessions import Browser, Opened
from safety_core.canonical import JsonObject

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
    return answer_json(await passkeys.offer_sign_in(guest.context))


async def sign_in(guest: Guest) -> Response:
    """Sign in with a passkey."""
    message = await guest.json()
    credential, after = message.mapping("credential"), local_path(message.text("next", "/"))
    message.done()
    await limits.spend_address(guest.context, "sign-in", guest.address)
    person = await passkeys.sign_in(guest.context, credential, guest.address)
    opened = await sessions.begin(guest.context, person, "passkey", browser_of(guest), confirmed=True)
    return onward(guest, opened, after)


async def invite(guest: Guest) -> Response:
    """Show an invite; a mail scanner that looks at it uses nothing up."""
    await limits.spend_address(guest.context, "invite", guest.address)
    person = await keyring.invited(guest.context, _token(guest))
    called = device_name(guest.device)
    return guest.render("invite.html", person=person, path=f"/invite/{_token(guest)}", device=called)


async def offer_invited(guest: Guest) -> Response:
    """Give our script what `navigator.credentials.create` wants."""
    (await guest.json()).done()
    await limits.spend_address(guest.context, "invite", guest.address)
    return answer_json(await keyring.offer_by_invite(guest.context, _token(guest)))


async def join(guest: Guest) -> Response:
    """Make the first passkey, and sign in."""
    message = await guest.json()
    credential, name = message.mapping("credential"), message.text("name", "", limit=200)
    message.done()
    await limits.spend_address(guest.context, "invite", guest.address)
    opened = await keyring.join(guest.context, _token(guest), credential, name, browser_of(guest))
    return onward(guest, opened, "/")


async def sign_out(visit: Visit) -> Response:
    """End this session."""
    await visit.form()
    await sessions.end(visit.context, visit.signed_in)
    answer = visit.go("/sign-in")
    drop_session(answer, visit.context)
    return answer


def browser_of(guest: Guest) -> Browser:
    """Return where a new session will live."""
    return Browser(guest.address, guest.device, session_cookie(guest.request, guest.context))


def _token(guest: Guest) -> str:
    return str(guest.request.path_params["token"])


def answer_json(body: JsonObject) -> Response:
    """Answer our own JavaScript."""
    return JSONResponse(body, headers=SECURITY_HEADERS)


def onward(guest: Guest, opened: Opened, path: str) -> Response:
    """Hand the browser its session, and have our script go on to a page of ours."""
    answer = answer_json({"go": path})
    set_session(answer, guest.context, opened)
    return answer


ROUTES: Final[PageRoutes] = (("POST", "/sign-out", sign_out),)
OPEN: Final[OpenRoutes] = (
    ("GET", "/sign-in", show),
    ("POST", "/sign-in/offer", offer),
    ("POST", "/sign-in/passkey", sign_in),
    ("GET", "/invite/{token}", invite),
    ("POST", "/invite/{token}/offer", offer_invited),
    ("POST", "/invite/{token}/passkey", join),
)
