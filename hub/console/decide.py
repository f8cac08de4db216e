"""One question in full, and the answers to it: yes, no, or that nobody has to answer any more.

Each answer shows once more what exactly it is for, and is given by a form of its own: by a tap on the card and a tap on
the page that follows. Where a passkey signs, the second tap opens the phone's own dialogue (static/approve.js).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.responses import Response

from hub.approvals import answering
from hub.approvals.approver import Approver
from hub.approvals.questions import Question
from hub.console.asked import Asked, also_of, approver_of, asked_by, cards_of, full, to_answer
from hub.console.proof import ways
from hub.console.visit import PageRoutes, Visit
from hub.errors import ConflictError, ForbiddenError
from hub.people import totp
from hub.people.offers import text_of
from hub.roles import Role
from hub.store import deeds
from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import InputError
from safety_core.model.approval import Grant, RequestId
from safety_core.wire.approvals import grant_from_json, grant_to_json
from safety_core.wire.reader import Reader, parse_json

REASON_CHARACTERS: Final = 300


async def show(visit: Visit) -> Response:
    """Show a question in full, before and after its answer."""
    asked = await asked_by(visit)
    mine = any(grant.approver == visit.person.name and grant.allow for grant in asked.first.answers)
    may = bool(asked.open) and visit.roles.has(Role.OWNER, asked.tenant)
    return visit.render(
        "question_page.html", card=await full(visit, asked.first), may_answer=may, may_approve=may and not mine
    )


async def ask_yes(visit: Visit) -> Response:
    """Ask for the second tap of an approval."""
    return await _ask_yes(visit, await to_answer(visit, visit.request.query_params.get("also", "")))


async def approve(visit: Visit) -> Response:
    """Take a yes: signed by the person's passkey, or by the hub, with a one-time code where that is asked for."""
    form = await visit.form()
    asked = await to_answer(visit, form.get("also", ""))
    if form.get("signed"):
        signed = _signed(asked, form["signed"])
        await _answer_each(visit, asked, "approve", lambda one: _take_signed(visit, asked, signed, one))
    else:
        approver = approver_of(visit, asked.tenant, totp=await _code_given(visit, form.get("code", "")))
        await _answer_each(visit, asked, "approve", lambda one: _take_plain(visit, approver, one, allow=True))
    return _back(visit, asked)


async def ask_no(visit: Visit) -> Response:
    """Ask for the second tap of a denial, with a reason where there is one."""
    asked = await to_answer(visit, visit.request.query_params.get("also", ""))
    return visit.render("deny.html", cards=await cards_of(visit, asked), also=also_of(asked))


async def deny(visit: Visit) -> Response:
    """Take a no."""
    form = await visit.form()
    asked = await to_answer(visit, form.get("also", ""))
    reason = " ".join(form.get("reason", "").split())[:REASON_CHARACTERS]
    approver, deed = approver_of(visit, asked.tenant), f"deny: {reason}" if reason else "deny"
    await _answer_each(visit, asked, deed, lambda one: _take_plain(visit, approver, one, allow=False))
    return _back(visit, asked)


async def cancel(visit: Visit) -> Response:
    """End a question without an answer."""
    await visit.form()
    asked = await to_answer(visit, "")
    approver = approver_of(visit, asked.tenant)
    await _answer_each(visit, asked, "cancel", lambda one: answering.cancel(visit.context, approver, one.request.id))
    return _back(visit, asked)


async def _ask_yes(visit: Visit, asked: Asked) -> Response:
    shown = await cards_of(visit, asked)
    changing = next((card.question.request.id for card in shown if card.changing), None)
    if changing is not None:
        raise ConflictError(f"approval {changing}", "is being changed", "wait for the changed call, and answer that")
    way = await ways(visit.context, visit.person, asked.tenant, [question.request for question in asked.open])
    chosen = next(
        (key for key in way.passkeys if key.credential == visit.request.query_params.get("passkey")),
        way.passkeys[0] if way.passkeys else None,
    )
    drafts = await _drafts(visit, asked, chosen.credential) if chosen else []
    return visit.render(
        "approve.html",
        cards=shown,
        also=also_of(asked),
        way=way,
        chosen=chosen,
        passkey_names=[(key.credential, key.name) for key in way.passkeys],
        drafts=drafts,
    )


async def _drafts(visit: Visit, asked: Asked, credential: str) -> list[Json]:
    """Return, for each question, what the passkey is to sign."""
    approver, made = approver_of(visit, asked.tenant), list[Json]()
    for question in asked.open:
        draft = await answering.draft(visit.context, approver, question.request.id, credential)
        made.append({"grant": grant_to_json(draft.grant), "challenge": text_of(draft.challenge)})
    return made


def _signed(asked: Asked, signed: str) -> Mapping[RequestId, Grant]:
    """Return the yes-answers that a passkey signed, by question, not yet believed; each is for one that is at hand."""
    grants = [grant_from_json(Reader.parse(canonical_bytes(item), "signed answer")) for item in items_in(signed)]
    waiting = {question.request.id for question in asked.open}
    if not all(grant.allow and grant.request in waiting for grant in grants):
        raise InputError("signed answer", "is for another question than this page's", "load the page again")
    return {grant.request: grant for grant in grants}


async def _take_signed(visit: Visit, asked: Asked, signed: Mapping[RequestId, Grant], question: Question) -> None:
    grant = signed.get(question.request.id)
    if grant is None:
        raise ConflictError(f"approval {question.request.id}", "was not signed", "load the page again")
    await answering.answer_signed(visit.context, approver_of(visit, asked.tenant), grant)


def items_in(signed: str) -> list[JsonObject]:
    """Return what static/approve.js put into a form: answers with the passkey's signatures, not yet believed."""
    items = parse_json(signed.encode(), "signed answers")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if not found:
        raise InputError("signed answers", "must be a list of them", "load the page again")
    return found


async def _take_plain(visit: Visit, approver: Approver, question: Question, *, allow: bool) -> None:
    await answering.answer(visit.context, approver, question.request.id, allow=allow)


async def _answer_each(visit: Visit, asked: Asked, deed: str, answer: Callable[[Question], Awaitable[None]]) -> None:
    """Answer each question that still waits, and note it. One that somebody else settled meanwhile keeps no other back.

    Raises:
        ConflictError: all of them were settled meanwhile.
    """
    settled: list[ConflictError] = []
    for question in asked.open:
        try:
            await answer(question)
        except ConflictError as error:
            settled.append(error)
            continue
        async with visit.context.database.write() as connection:
            await deeds.note(connection, visit.deed(deed, question.request.id, asked.tenant))
    if len(settled) == len(asked.open):
        raise settled[0]


async def _code_given(visit: Visit, code: str) -> bool:
    """Tell whether a one-time code came with the answer. Raises ForbiddenError where it is wrong."""
    if not code:
        return False
    if not await totp.check(visit.context, visit.person, code):
        raise ForbiddenError("code", "is not the one of now", "type what your authenticator app shows")
    return True


def _back(visit: Visit, asked: Asked) -> Response:
    return visit.go(f"/?answered={asked.tenant}/{asked.first.request.id}")


ROUTES: Final[PageRoutes] = (
    ("GET", "/questions/{tenant}/{id}", show),
    ("GET", "/questions/{tenant}/{id}/approve", ask_yes),
    ("POST", "/questions/{tenant}/{id}/approve", approve),
    ("GET", "/questions/{tenant}/{id}/deny", ask_no),
    ("POST", "/questions/{tenant}/{id}/deny", deny),
    ("POST", "/questions/{tenant}/{id}/cancel", cancel),
)
