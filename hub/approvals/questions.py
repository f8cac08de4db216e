"""Taking questions from edges, and what is shown of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hub import happenings
from hub.bus import Topic
from hub.context import Context
from hub.errors import ConflictError, FloodError, NotFoundError
from hub.store import approvals
from hub.store.approvals import StoredApproval
from safety_core.canonical import canonical_bytes
from safety_core.errors import LimitError
from safety_core.model.approval import ANSWER_SECONDS, ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.model.tool_call import TenantId
from safety_core.wire.approvals import QUESTION_BYTES, grant_from_json, request_from_json, request_to_json
from safety_core.wire.reader import Reader

PAGE: Final = 100
"""Questions in one answer: more than a person reads at once; the others come when these are answered."""

PAGE_BYTES: Final = 8 * 1024 * 1024
"""... and how large that answer may become, but for one question that is always shown."""

HOUR: Final = 3600.0

SIMILAR: Final = 5
"""Earlier decisions beside a question: enough to see a habit."""

LOOKED_AT: Final = 50
"""Earlier questions among which the most similar are looked for."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is shown.

    Attributes:
        received, expires: seconds since the epoch, by the hub's clock.
        answers: what was said so far, in order; the last one settled it where it is settled by an answer.
    """

    request: ApprovalRequest
    state: ApprovalState
    received: float
    expires: float
    answers: tuple[Grant, ...] = ()

    @property
    def key(self) -> tuple[TenantId, RequestId]:
        """What names it among the questions of all tenants: each tenant's edge draws its ids on its own."""
        return self.request.tenant, self.request.id

    @property
    def missing(self) -> int:
        """How many people still have to say yes; 0 once nobody can."""
        if self.state is not ApprovalState.PENDING:
            return 0
        return max(0, self.request.quorum - len({grant.approver for grant in self.answers if grant.allow}))


async def take(context: Context, question: ApprovalRequest) -> tuple[ApprovalState, bool]:
    """Make a question durable; return where it stands, and whether it is new.

    An open one with the same action digest ends: an edge asks about one call once, so it has forgotten that one.

    Raises:
        LimitError: nobody could read it.
        FloodError: too many are open.
        ConflictError: its id is taken by another question.
    """
    raw, now = canonical_bytes(request_to_json(question)), context.clock()
    if len(raw) > QUESTION_BYTES:
        raise LimitError(
            f"approval {question.id}", f"is larger than {QUESTION_BYTES} bytes", "have the agent do it in parts"
        )
    expires = min(question.expires, now + ANSWER_SECONDS)
    stored = StoredApproval(question.tenant, question.id, ApprovalState.PENDING, raw, now, expires)
    async with context.database.write() as connection:
        full = await _full(connection, context, question, now)
        new = full is None and await approvals.insert(connection, question, stored)
        if new:
            await happenings.asked(connection, replace(question, expires=expires), now)
        known = stored if new else await approvals.find(connection, question.tenant, question.id)
    if known is None and full is not None:
        raise full
    if known is None or known.request != raw:
        raise ConflictError(f"approval {question.id}", "is already there with other content", "use a fresh id")
    if new:
        context.bus.ring(question.tenant, Topic.INBOX)
    return state_at(known, now), new


async def _full(
    connection: AsyncConnection, context: Context, question: ApprovalRequest, now: float
) -> FloodError | None:
    """Return why nobody could read one more, if so: an agent that asks and asks is to wear nobody down."""
    settings = context.settings
    asked = await approvals.asked(connection, question, now, now - HOUR)
    if asked.pending >= settings.max_pending:
        return FloodError("approvals", "too many open questions", "answer or deny some: `safety approvals list`")
    agent = f"agent {question.agent}"
    if asked.pending_of_agent >= settings.agent_pending:
        return FloodError(agent, "too many open questions", "answer or deny some: `safety approvals list`")
    if asked.of_agent_since >= settings.agent_hourly:
        return FloodError(agent, "too many questions within an hour", "look into what it does, and halt it if need be")
    return None


def state_at(stored: StoredApproval, now: float) -> ApprovalState:
    """Return where a question stands at `now`: one that nobody answered in time is over, noted so or not."""
    late = stored.state is ApprovalState.PENDING and now > stored.expires
    return ApprovalState.EXPIRED if late else stored.state


async def expire(context: Context) -> None:
    """Note the end of questions that nobody answered in time. Until then they are shown as over all the same."""
    async with context.database.write() as connection:
        ended = await approvals.expire(connection, context.clock())
    for tenant in ended:
        context.bus.ring(tenant, Topic.INBOX)


async def find(context: Context, tenant: TenantId, request: RequestId) -> Question:
    """Return one question of a tenant, or raise NotFoundError."""
    async with context.database.read() as connection:
        stored = await approvals.find(connection, tenant, request)
        if stored is None:
            raise NotFoundError("approval", "is not there", "see `safety approvals list`")
        return (await _shown(connection, (stored,), context.clock()))[0]


async def listed(
    context: Context, tenants: Collection[TenantId], state: ApprovalState | None = ApprovalState.PENDING
) -> tuple[Question, ...]:
    """Return the questions of these tenants in this state (None: in any), the newest first."""
    now = context.clock()
    async with context.database.read() as connection:
        found = await approvals.listed(connection, tenants, state, now, PAGE)
        return await _shown(connection, _page(found), now)


async def history(
    context: Context, tenants: Collection[TenantId], search: str = "", before: float | None = None
) -> tuple[Question, ...]:
    """Return the newest questions of these tenants that are settled, those received before `before` (for the next
    page), in which every word of `search` stands: in the agent's or tool's name, the reason, the arguments, who
    answered."""
    words = tuple(search.casefold().split())
    async with context.database.read() as connection:
        found = await approvals.settled(connection, tenants, words, context.clock(), before, PAGE)
        return await _shown(connection, _page(found), context.clock())


async def similar(context: Context, question: ApprovalRequest) -> tuple[Question, ...]:
    """Return what was decided of the calls most like this one: the same agent and tool, the most arguments alike."""
    async with context.database.read() as connection:
        found = await approvals.decided(connection, question, LOOKED_AT)
        shown = await _shown(connection, found, context.clock())
    return tuple(sorted(shown, key=lambda item: _likeness(item.request, question), reverse=True)[:SIMILAR])


def _likeness(one: ApprovalRequest, other: ApprovalRequest) -> int:
    """Count what two calls have in common: arguments, recipients, and all of them."""
    same = sum(1 for name, value in one.params.items() if other.params.get(name) == value)
    return same + len({*one.recipients} & {*other.recipients}) + (one.action_digest == other.action_digest)


def grouped(questions: Iterable[Question]) -> tuple[tuple[Question, ...], ...]:
    """Return the questions with those alike together: same tenant, agent, tool, level and rules, so one card's worth.

    The order of the groups is that of their first questions.
    """
    groups: dict[object, list[Question]] = {}
    for question in questions:
        asked = question.request
        key = (asked.tenant, asked.agent, asked.tool, asked.level, asked.rules, asked.strong, asked.quorum)
        groups.setdefault(key, []).append(question)
    return tuple(tuple(group) for group in groups.values())


def _page(found: tuple[StoredApproval, ...]) -> tuple[StoredApproval, ...]:
    total = accumulate(len(stored.request) for stored in found)
    return tuple(
        stored for index, (stored, size) in enumerate(zip(found, total, strict=True)) if not index or size <= PAGE_BYTES
    )


async def _shown(connection: AsyncConnection, found: tuple[StoredApproval, ...], now: float) -> tuple[Question, ...]:
    answers = await approvals.answers_of(connection, found)
    return tuple(
        Question(
            request_from_json(Reader.parse(stored.request, "stored request")),
            state_at(stored, now),
            stored.received,
            stored.expires,
            tuple(grant_from_json(Reader.parse(raw, "stored grant")) for raw in answers[stored.tenant, stored.id]),
        )
        for stored in found
    )
