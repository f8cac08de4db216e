"""One's own settings: passkeys, the authenticator app, sessions."""

from __future__ import annotations

import io
from typing import Final

import segno
from starlette.responses import JSONResponse, Response

from hub.console.render import SECURITY_HEADERS
from hub.console.visit import PageRoutes, Visit
from hub.errors import NotFoundError
from hub.people import keyring, limits, pinning, totp
from hub.store import deeds, passkeys, sessions
from safety_core.errors import SafetyError

PAGE: Final = "/settings"

_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
"""Most specific first: browsers name those that they descend from, too."""


async def show(visit: Visit) -> Response:
    """Show it all."""
    async with visit.context.database.read() as connection:
        own = await passkeys.of_person(connection, visit.person.id)
        visits = await sessions.of_person(connection, visit.person.id, visit.context.clock())
    site = visit.context.settings.origin
    return visit.render(
        "settings.html",
        passkeys=[(passkey, pinning.pin(passkey, visit.person.name, site)) for passkey in own],
        sessions=visits,
        device=device_name,
        totp=await totp.has(visit.context, visit.person),
    )


async def new_passkey(visit: Visit) -> Response:
    """Show the form for another passkey, to somebody who is surely there."""
    visit.require_fresh(f"{PAGE}/passkey")
    return visit.render("passkey.html", device=device_name(visit.device))


async def offer_passkey(visit: Visit) -> Response:
    """Give our script what `navigator.credentials.create` wants."""
    (await visit.json()).done()
    visit.require_fresh(f"{PAGE}/passkey")
    await limits.spend(visit.context, f"passkey {visit.person.id}", 20)
    return JSONResponse(await keyring.offer(visit.context, visit.signed_in), headers=SECURITY_HEADERS)


async def add_passkey(visit: Visit) -> Response:
    """Keep another passkey."""
    message = await visit.json()
    credential, name = message.mapping("credential"), message.text("name", "", limit=200)
    message.done()
    visit.require_fresh(f"{PAGE}/passkey")
    await keyring.add(visit.context, visit.signed_in, credential, name)
    return JSONResponse({"go": PAGE}, headers=SECURITY_HEADERS)


async def rename_passkey(visit: Visit) -> Response:
    """Call a passkey otherwise."""
    form = await visit.form()
    await keyring.rename(visit.context, visit.signed_in, form.get("passkey", ""), form.get("name", ""))
    return visit.go(PAGE)


async def remove_passkey(visit: Visit) -> Response:
    """Remove a passkey."""
    form = await visit.form()
    visit.require_fresh(PAGE)
    await keyring.remove(visit.context, visit.signed_in, form.get("passkey", ""))
    return visit.go(PAGE)


async def new_totp(visit: Visit) -> Response:
    """Show the secret for an authenticator app."""
    visit.require_fresh(f"{PAGE}/app")
    return _totp_page(visit, totp.begin(visit.context, visit.person))


async def picture(visit: Visit) -> Response:
    """Give the QR code of a secret that is being set up, as a picture in a file of its own (the CSP has no inline)."""
    visit.require_fresh(f"{PAGE}/app")
    _, address = totp.shown(visit.context, visit.person, str(visit.request.path_params["pending"]))
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", scale=5, border=4, light="#fff")
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers=SECURITY_HEADERS)


async def add_totp(visit: Visit) -> Response:
    """Keep the secret, once the app shows a code of it."""
    form = await visit.form()
    visit.require_fresh(f"{PAGE}/app")
    pending = form.get("pending", "")
    try:
        await totp.finish(visit.context, visit.signed_in, pending, form.get("code", ""))
    except SafetyError as error:
        return _totp_page(visit, pending, error)
    return visit.go(PAGE)


async def remove_totp(visit: Visit) -> Response:
    """Forget the authenticator app."""
    await visit.form()
    visit.require_fresh(PAGE)
    await totp.remove(visit.context, visit.signed_in)
    return visit.go(PAGE)


async def end_session(visit: Visit) -> Response:
    """End one session of one's own, or all others."""
    form = await visit.form()
    async with visit.context.database.write() as connection:
        if form.get("session") == "others":
            await sessions.end_all(connection, visit.person.id, but=visit.session.hash)
        else:
            own = await sessions.of_person(connection, visit.person.id, visit.context.clock())
            if not any(session.hash == form.get("session") for session in own):
                raise NotFoundError("session", "is over already")
            await sessions.end(connection, form["session"])
        await deeds.note(connection, visit.deed("sessions ended"))
    return visit.go(PAGE)


def device_name(agent: str) -> str:
    """Return what a browser calls itself, in two words where it says the usual ones ("Firefox on Android")."""
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return f"{browser} on {system}" if system and browser else agent[:60] or "unknown"


def _totp_page(visit: Visit, pending: str, error: SafetyError | None = None) -> Response:
    secret, address = totp.shown(visit.context, visit.person, pending)
    parts = [secret[place : place + 4] for place in range(0, len(secret), 4)]
    return visit.render("app.html", pending=pending, secret=" ".join(parts), address=address, error=error)


ROUTES: Final[PageRoutes] = (
    ("GET", PAGE, show),
    ("GET", f"{PAGE}/passkey", new_passkey),
    ("POST", f"{PAGE}/passkey/offer", offer_passkey),
    ("POST", f"{PAGE}/passkey/add", add_passkey),
    ("POST", f"{PAGE}/passkey/rename", rename_passkey),
    ("POST", f"{PAGE}/passkey/remove", remove_passkey),
    ("GET", f"{PAGE}/app", new_totp),
    ("GET", f"{PAGE}/app/{{pending}}.svg", picture),
    ("POST", f"{PAGE}/app", add_totp),
    ("POST", f"{PAGE}/app/remove", remove_totp),
    ("POST", f"{PAGE}/session/end", end_session),
)
