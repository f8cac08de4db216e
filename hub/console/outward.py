"""Outward grants: made from a card, for one recipient, until then, for so many calls; listed; withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from hub.approvals import standing
from hub.approvals.standing import Terms
from hub.console.asked import ORIGIN, Asked, approver_of, asked_by, full
from hub.console.decide import items_in
from hub.console.proof import OutwardWay, outward_way
from hub.console.visit import PageRoutes, Visit
from hub.errors import ForbiddenError
from hub.people.offers import text_of
from hub.roles import Role
from hub.store import deeds
from hub.store.standing import MadeGrant
from safety_core.canonical import canonical_bytes
from safety_core.errors import InputError
from safety_core.model.approval import StandingGrant
from safety_core.model.tool_call import TenantId
from safety_core.wire.feed import USES, standing_from_json, standing_to_json
from safety_core.wire.reader import Reader

_DAY: Final = 24 * 3600
SPANS: Final[Mapping[int, str]] = {
    3600: "for one hour",
    _DAY: "for one day",
    3 * _DAY: "for three days",
    7 * _DAY: "for a week",
    30 * _DAY: "for 30 days",
    90 * _DAY: "for 90 days",
}
"""How long one may be made for; policy says how much of it."""

FEW_USES: Final = 10
"""Calls that stand in the form at first."""


async def outward(visit: Visit) -> Response:
    """List outward grants that hold, or (?past) all there were."""
    past = "past" in visit.request.query_params
    tenants = await visit.tenants()
    made = await standing.listed(visit.context, tenants, past=past)
    return visit.render(
        "outward.html",
        grants=[(one, end) for one in made if not (end := _end(one, visit.context.clock())) or past],
        past=past,
        mine=frozenset(tenant for tenant in tenants if visit.roles.has(Role.OWNER, tenant)),
        many_tenants=len(tenants) > 1,
    )


async def ask_terms(visit: Visit) -> Response:
    """Ask for whom, how long and how often."""
    asked = await _of_owner(visit)
    return await _form(visit, asked, await outward_way(visit.context, visit.person, asked.tenant), {})


async def make(visit: Visit) -> Response:
    """Make a grant: at once by the hub's word, or with one more press by the person's passkey."""
    form = await visit.form()
    asked = await _of_owner(visit)
    if form.get("signed"):
        return await _make_signed(visit, asked, form["signed"])
    way = await outward_way(visit.context, visit.person, asked.tenant)
    try:
        terms = _terms(form, way, visit.context.clock())
        if way.passkey is not None:
            return await _ask_passkey(visit, asked, way.passkey.credential, terms)
        made = await standing.make(visit.context, approver_of(visit, asked.tenant), asked.first.request.id, terms)
    except InputError as error:
        return await _form(visit, asked, way, form, error)
    return await _made(visit, made)


async def withdraw(visit: Visit) -> Response:
    """End a grant now."""
    await visit.form()
    tenant, grant = TenantId(visit.request.path_params["tenant"]), visit.request.path_params["id"]
    await standing.withdraw(visit.context, approver_of(visit, tenant), grant)
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed("outward grant withdrawn", grant, tenant))
    return visit.go("/outward")


async def _of_owner(visit: Visit) -> Asked:
    asked = await asked_by(visit)
    visit.require(Role.OWNER, asked.tenant)
    return asked


def _terms(form: Mapping[str, str], way: OutwardWay, now: float) -> Terms:
    try:
        seconds, uses = int(form.get("seconds", "")), int(form.get("uses", ""))
    except ValueError as error:
        raise InputError("outward grant", f"needs a time, and a number of calls from 1 to {USES}") from error
    if not way.longest:
        raise ForbiddenError("outward grant", "is not yours to make by the tenant's policy", "ask its author")
    if not 0 < seconds <= way.longest:
        raise InputError("time", "is longer than the policy allows", "choose a shorter one")
    return Terms(form.get("recipient", ""), now + seconds, uses)


async def _form(
    visit: Visit, asked: Asked, way: OutwardWay, form: Mapping[str, str], error: InputError | None = None
) -> Response:
    spans = [(str(seconds), words) for seconds, words in SPANS.items() if seconds <= way.longest]
    if way.longest and not spans:
        spans = [(str(way.longest), "as long as the policy allows")]
    return visit.render(
        "outward_form.html",
        card=await full(visit, asked.first),
        recipients=[(name, name) for name in standing.offered(asked.first.request)],
        spans=spans,
        form={"uses": str(FEW_USES), "recipient": "", "seconds": "", **form},
        most=USES,
        way=way,
        error=error,
    )


async def _ask_passkey(visit: Visit, asked: Asked, credential: str, terms: Terms) -> Response:
    approver = approver_of(visit, asked.tenant)
    draft = await standing.draft(visit.context, approver, asked.first.request.id, credential, terms)
    unsigned = [{"grant": standing_to_json(draft.grant), "challenge": text_of(draft.challenge)}]
    return visit.render(
        "outward_sign.html",
        card=await full(visit, asked.first),
        grant=draft.grant,
        drafts=unsigned,
        credential=credential,
    )


async def _make_signed(visit: Visit, asked: Asked, signed: str) -> Response:
    (item,) = items_in(signed)[:1]
    grant = standing_from_json(Reader.parse(canonical_bytes(item), "signed outward grant"))
    if grant.assertion is None or not grant.origin.startswith(ORIGIN):
        raise InputError("outward grant", "is not signed by a passkey", "load the page again")
    approver, request = approver_of(visit, asked.tenant), asked.first.request.id
    unsigned = replace(grant, assertion=None)
    return await _made(visit, await standing.make_signed(visit.context, approver, request, unsigned, grant.assertion))


async def _made(visit: Visit, grant: StandingGrant) -> Response:
    async with visit.context.database.write() as connection:
        await deeds.note(connection, visit.deed("outward grant made", grant.id, grant.tenant))
    return visit.go("/outward")


def _end(made: MadeGrant, now: float) -> str:
    """Return why a grant holds no more, or nothing."""
    if made.withdrawn is not None:
        return f"withdrawn by {made.withdrawn_by}"
    if made.grant.not_after <= now:
        return "over"
    return made.ended or ("used up" if made.remaining == 0 else "")


ROUTES: Final[PageRoutes] = (
    ("GET", "/outward", outward),
    ("POST", "/outward/{tenant}/{id}/withdraw", withdraw),
    ("GET", "/questions/{tenant}/{id}/outward", ask_terms),
    ("POST", "/questions/{tenant}/{id}/outward", make),
)
