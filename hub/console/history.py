"""What was decided, by whom: searched by words, filtered by tenant, end and level."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from hub.approvals import questions
from hub.approvals.questions import Question
from hub.console.visit import PageRoutes, Visit
from safety_core.model.approval import ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import TenantId

SEARCH_CHARACTERS: Final = 200

PAGE: Final = 25
"""Questions on one page."""

LOOKS: Final = 10
"""How often more is read for one page, where a filter leaves out most of what there is."""

ENDS: Final = tuple(state for state in ApprovalState if state is not ApprovalState.PENDING)


async def history(visit: Visit) -> Response:
    """Show what is settled, the newest first."""
    asked = visit.request.query_params
    search, tenant, state = asked.get("q", "")[:SEARCH_CHARACTERS], asked.get("tenant", ""), asked.get("state", "")
    level, before = asked.get("level", ""), _moment(asked.get("before", ""))
    tenants = await visit.tenants()
    among = tuple(name for name in tenants if tenant in {"", name})
    found, after = await _page(visit, among, search, before, (state, level))
    kept = {"q": search, "tenant": tenant, "state": state, "level": level}
    return visit.render(
        "history.html",
        questions=found,
        kept=kept,
        tenants=[("", "All"), *((name, name) for name in tenants)],
        states=[("", "All"), *((end.value, end.value) for end in ENDS)],
        levels=[("", "All"), *((one.word, one.word.replace("_", " ")) for one in Level)],
        many_tenants=len(tenants) > 1,
        newest=_address(kept, None) if before is not None else "",
        older=_address(kept, after) if after is not None else "",
    )


async def _page(
    visit: Visit, tenants: Collection[TenantId], search: str, before: float | None, wanted: tuple[str, str]
) -> tuple[tuple[Question, ...], float | None]:
    """Return one page, and where the next one begins (None: there is none)."""
    found: list[Question] = []
    for _ in range(LOOKS):
        read = await questions.history(visit.context, tenants, search, before)
        for question in read:
            fits = _fits(question, wanted)
            if fits and len(found) == PAGE:
                return tuple(found), before
            before = question.received
            if fits:
                found.append(question)
        if not read:
            return tuple(found), None
    return tuple(found), before


def _fits(question: Question, wanted: tuple[str, str]) -> bool:
    state, level = wanted
    return state in {"", question.state.value} and level in {"", question.request.level.word}


def _moment(text: str) -> float | None:
    try:
        at = float(text)
    except ValueError:
        return None
    return at if 0 < at < 2**53 else None


def _address(kept: dict[str, str], before: float | None) -> str:
    fields = {name: value for name, value in kept.items() if value}
    if before is not None:
        fields["before"] = repr(before)
    return f"/history?{urlencode(fields)}" if fields else "/history"


ROUTES: Final[PageRoutes] = (("GET", "/history", history),)
