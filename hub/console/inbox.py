"""What waits for an answer, the most urgent first, alike questions together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from hub.approvals import editing, questions
from hub.approvals.questions import PAGE, Question
from hub.console.card import cards, tiers_of
from hub.console.visit import PageRoutes, Visit
from hub.errors import NotFoundError
from hub.roles import Role
from safety_core.model.approval import ApprovalState, RequestId
from safety_core.model.tool_call import TenantId

_ENDED: Final[Mapping[ApprovalState, tuple[str, str]]] = {
    ApprovalState.PENDING: ("Your answer is noted", "good"),
    ApprovalState.GRANTED: ("Approved", "good"),
    ApprovalState.USED: ("Approved and done", "good"),
    ApprovalState.DENIED: ("Denied", "plain"),
    ApprovalState.EXPIRED: ("Too late: the time had run out", "warn"),
    ApprovalState.CANCELLED: ("Cancelled", "plain"),
}


async def inbox(visit: Visit) -> Response:
    """Show what waits."""
    tenants = await visit.tenants()
    waiting = await questions.listed(visit.context, tenants)
    answered, kind = await _answered(visit)
    return visit.render(
        "inbox.html",
        cards=cards(
            waiting,
            await tiers_of(visit.context, waiting),
            visit.person.name,
            visit.context.clock(),
            await editing.sent_of(visit.context, waiting),
        ),
        mine=frozenset(tenant for tenant in tenants if visit.roles.has(Role.OWNER, tenant)),
        waiting=len(waiting),
        more=len(waiting) >= PAGE,
        many_tenants=len(tenants) > 1,
        answered=answered,
        answered_kind=kind,
    )


async def _answered(visit: Visit) -> tuple[str, str]:
    """Return what became of the question that this person was just at, by the hub's own record and not by the link."""
    asked = visit.request.query_params
    changed = asked.get("changed", "")
    tenant, _, request = (changed or asked.get("answered", "")).partition("/")
    if not request or not visit.roles.sees(TenantId(tenant)):
        return "", ""
    try:
        found = await questions.find(visit.context, TenantId(tenant), RequestId(request))
    except NotFoundError:
        return "", ""
    what = f"{found.request.agent}, {found.request.tool}"
    if changed:
        return f"Changed: {what}. It is judged anew, and asked about anew where that is needed.", "good"
    words, kind = _ENDED[found.state]
    return f"{words}: {what}. {_next(found)}", kind


def _next(found: Question) -> str:
    if found.missing:
        return f"{found.missing} more {'person has' if found.missing == 1 else 'people have'} to say yes."
    return "The agent is told at once." if found.state is ApprovalState.GRANTED else ""


ROUTES: Final[PageRoutes] = (("GET", "/", inbox),)
