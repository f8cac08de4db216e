"""Showing again that it is still you: before something that lets somebody do more than before."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub.console.cookies import set_session
from hub.console.signin import answer_json, local_path, onward
from hub.console.visit import PageRoutes, Visit
from hub.errors import ForbiddenError
from hub.people import limits, passkeys, sessions, totp
from hub.store import passkeys as store


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
    return answer_json(await passkeys.offer_confirmation(visit.context, visit.person, visit.session.hash))


async def confirm(visit: Visit) -> Response:
    """Go on in this session, under a new cookie, as somebody who is surely there."""
    message = await visit.json()
    credential, after = message.mapping("credential"), local_path(message.text("next", "/"))
    message.done()
    await limits.spend(visit.context, f"confirm {visit.person.id}", 20)
    await passkeys.confirm(visit.context, credential, visit.address, visit.person, visit.session.hash)
    return onward(visit, await sessions.confirm(visit.context, visit.session), after)


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


ROUTES: Final[PageRoutes] = (
    ("GET", "/confirm", ask),
    ("POST", "/confirm/offer", offer_again),
    ("POST", "/confirm/passkey", confirm),
    ("POST", "/confirm/code", confirm_code),
)
