"""The questions that a page is about, as far as its reader may see or answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from hub.approvals import editing, questions, reports
from hub.approvals.approver import Approver
from hub.approvals.questions import Question
from hub.console.card import Card, card, tiers_of
from hub.console.exact import Change, changes
from hub.console.visit import Visit
from hub.errors import ConflictError, NotFoundError
from hub.roles import Role
from hub.store import deeds
from safety_core.errors import InputError
from safety_core.model.approval import ApprovalState, RequestId
from safety_core.model.tool_call import TenantId

ORIGIN: Final = "console"
TOGETHER: Final = 100
"""Questions that one decision may answer: as many as an inbox shows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page about a question is about: the question, and those that are to be answered with it."""

    tenant: TenantId
    all: tuple[Question, ...]

    @property
    def first(self) -> Question:
        """The question that the address names."""
        return self.all[0]

    @property
    def open(self) -> tuple[Question, ...]:
        """Those that still wait."""
        return tuple(question for question in self.all if question.state is ApprovalState.PENDING)


async def asked_by(visit: Visit, also: str = "") -> Asked:
    """Return the question that the address names, and those listed in `also` (ids with commas between).

    Raises:
        NotFoundError: one of them is not there, or not for this person to see.
    """
    tenant = TenantId(visit.request.path_params["tenant"])
    visit.require(Role.VIEWER, tenant)
    ids = dict.fromkeys([visit.request.path_params["id"], *(name for name in also.split(",") if name)])
    if len(ids) > TOGETHER:
        raise InputError("decision", f"is for more than {TOGETHER} questions", "answer them in parts")
    found = [await questions.find(visit.context, tenant, RequestId(name)) for name in ids]
    return Asked(tenant, tuple(found))


async def to_answer(visit: Visit, also: str = "") -> Asked:
    """Return what is to be answered, as far as it still waits. Raises ForbiddenError, ConflictError."""
    asked = await asked_by(visit, also)
    visit.require(Role.OWNER, asked.tenant)
    if not asked.open:
        state = asked.first.state
        raise ConflictError(f"approval {asked.first.request.id}", f"is already {state}", "there is nothing left to do")
    return asked


def approver_of(visit: Visit, tenant: TenantId, *, totp: bool = False) -> Approver:
    """Return the reader as somebody who answers for the tenant. Raises ForbiddenError where they do not."""
    visit.require(Role.OWNER, tenant)
    return Approver(tenant, visit.person.name, ORIGIN, totp)


async def full(visit: Visit, question: Question) -> Card:
    """Return a question's card with all that lies about it: similar decisions, changes, reasons, what became of it."""
    context, asked = visit.context, question.request
    told = await reports.of(context, asked.tenant, [asked.id])
    return replace(
        card(question, await tiers_of(context, [question]), visit.person.name),
        before=await questions.similar(context, asked),
        changed=await _changed(visit, question),
        changed_by=await editing.changed_by(context, asked),
        sent=await editing.sent(context, asked.tenant, asked.id),
        reports=told.get(asked.id, ()),
        reasons=await _reasons(visit, question),
    )


async def _changed(visit: Visit, question: Question) -> tuple[Change, ...]:
    asked = question.request
    if asked.edited_from is None:
        return ()
    try:
        origin = await questions.find(visit.context, asked.tenant, asked.edited_from)
    except NotFoundError:
        return ()
    return changes(origin.request.params, asked.params)


async def _reasons(visit: Visit, question: Question) -> Mapping[str, str]:
    """Return what was noted with answers to a question, by name."""
    async with visit.context.database.read() as connection:
        noted = await deeds.about(connection, question.request.tenant, question.request.id)
    return {deed.person: deed.deed.partition(": ")[2] for deed in noted if deed.deed.startswith("deny: ")}


async def cards_of(visit: Visit, asked: Asked) -> tuple[Card, ...]:
    """Return the cards of what still waits, with what was changed."""
    tiers = await tiers_of(visit.context, asked.open)
    sent = await editing.sent_of(visit.context, asked.open)
    made = [replace(card(question, tiers, visit.person.name), sent=sent.get(question.key)) for question in asked.open]
    return tuple([replace(one, changed=await _changed(visit, one.question)) for one in made])


def also_of(asked: Asked) -> str:
    """Return the ids of those that are to be answered with the first, for a form."""
    return ",".join(question.request.id for question in asked.open[1:])
