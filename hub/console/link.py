"""The page behind a one-use link. It works without being signed in and without JavaScript.

GET shows the card and changes nothing. POST takes a form that this page sent, with the token in it once more and the
button that was pressed; the answer is taken once, and the page says what came of it. An approval that policy does not
let this channel give is not offered: the page leads to the console.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from hub.approvals import answering, questions
from hub.approvals.approver import Approver
from hub.console.render import SECURITY_HEADERS, page
from hub.console.visit import Guest, OpenRoutes
from hub.context import Context
from hub.errors import ConflictError, ForbiddenError, NotFoundError, status_of
from hub.notices import links
from hub.people import limits
from hub.roles import Person
from hub.store import deeds
from hub.store.deeds import Deed
from hub.store.links import Link
from safety_core.approve import code
from safety_core.canonical import Json
from safety_core.errors import InputError, SafetyError, UnavailableError
from safety_core.model.approval import ApprovalState

TRIES: Final = 120
"""Links that one address may open in five minutes: people follow a few; a guesser of 256 bits is only stopped noise."""

PRESSES: Final = {"approve": True, "deny": False}

HEADERS: Final = {
    **SECURITY_HEADERS,
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
"""The address is the key: no cache keeps it, no other site hears of it, no search engine lists it."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A link that somebody holds: its token, what it is for, and whose it is."""

    token: str
    link: Link
    person: Person


async def link(guest: Guest) -> Response:
    """Show what a link is for (GET, HEAD), or take the press of a button there (POST)."""
    context, token = guest.context, str(guest.request.path_params["token"])
    try:
        if guest.request.method != "POST":
            return await _shown(context, await _held(context, token))
        await limits.spend_address(context, "link", guest.address, TRIES)
        held = await _held(context, token)
        return await _answered(guest, held, allow=await _pressed(guest, token))
    except SafetyError as error:
        return _page("link_error.html", status_of(error), error=error)


async def _held(context: Context, token: str) -> _Held:
    found = await links.opened(context, token)
    if found is None:
        raise NotFoundError("this link", "opens nothing any more", "answer at the console, or wait for a new one")
    return _Held(token, *found)


async def _pressed(guest: Guest, token: str) -> bool:
    """Return which button was pressed, on a form of ours, by somebody who has the token."""
    form = await guest.fields()
    if not hmac.compare_digest(form.get("token", "").encode(), token.encode()):
        raise InputError("form", "is not this link's", "open the link again")
    if form.get("press") not in PRESSES:
        raise InputError("form", "has no button that was pressed", "open the link again")
    return PRESSES[form["press"]]


async def _shown(context: Context, held: _Held, told: str = "") -> Response:
    opened = held.link
    question = await questions.find(context, opened.tenant, opened.request)
    asked = question.request
    used = opened.used is not None
    open_one = question.state is ApprovalState.PENDING and not used and not told
    return _page(
        "link.html",
        question=question,
        asked=asked,
        arguments=[(name, _text(value)) for name, value in asked.params.items()],
        code=code(asked.action_digest),
        person=held.person,
        token=held.token,
        console=f"/questions/{opened.tenant}/{opened.request}",
        open=open_one,
        approve=open_one and await links.may_approve(context, asked, opened.word),
        told=told,
        used=used and not told,
        now=context.clock(),
    )


async def _answered(guest: Guest, held: _Held, *, allow: bool) -> Response:
    context, opened, now = guest.context, held.link, guest.context.clock()
    question = await questions.find(context, opened.tenant, opened.request)
    if allow and not await links.may_approve(context, question.request, opened.word):
        raise ForbiddenError("this question", "cannot be approved by this link", "approve it at the console")
    if not await links.use(context, opened, now):
        raise ConflictError("this link", "was used before", "see the console for what came of it")
    approver = Approver(opened.tenant, held.person.name, links.origin(opened.word))
    try:
        settled = await answering.answer(context, approver, opened.request, allow=allow)
    except UnavailableError:
        await links.give_back(context, opened, now)
        raise
    what = f"{'approve' if allow else 'deny'} by {opened.word} link"
    async with context.database.write() as connection:
        await deeds.note(connection, Deed(now, held.person.name, opened.tenant, what, opened.request, guest.address))
    return await _shown(context, held, _words(settled.state, settled.missing, allow=allow))


def _text(value: Json) -> str:
    """Return an argument in full, as it will run."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _words(state: ApprovalState, missing: int, *, allow: bool) -> str:
    if not allow:
        return "You denied it. It will not be done."
    if state is ApprovalState.PENDING and missing:
        return f"You said yes. {missing} more {'person has' if missing == 1 else 'people have'} to."
    return "You approved it. It runs once, if policy still allows it."


def _page(template: str, status: int = 200, **values: object) -> Response:
    answer = page(template, status, **values)
    answer.headers.update(HEADERS)
    return answer


OPEN: Final[OpenRoutes] = (("GET", "/a/{token}", link), ("POST", "/a/{token}", link))
"""For anybody who holds a link."""
