"""Questions and answers. What may follow what is `hub.approvals`'s; here a state changes only from a named one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Executable, Text, bindparam, case, func, select, tuple_, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_in
from hub.store.schema.answers import answers
from hub.store.schema.edges import approvals
from safety_core.canonical import canonical_bytes
from safety_core.model.approval import ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.model.tool_call import TenantId
from safety_core.wire.approvals import grant_to_json

WORDS: Final = 16 * 1024
"""Characters of a question that a search looks through: its beginning, in a person's order of interest."""

_PENDING: Final = approvals.c.state == ApprovalState.PENDING.value
_EXPIRED: Final = ApprovalState.EXPIRED.value

_FIND: Final = select(approvals).where(
    (approvals.c.tenant == bindparam("tenant")) & (approvals.c.id == bindparam("id"))
)
_FIND_LOCKED: Final = _FIND.with_for_update()
_SETTLE: Final = (
    update(approvals)
    .where((approvals.c.tenant == bindparam("of")) & (approvals.c.id == bindparam("request_id")) & _PENDING)
    .values(state=bindparam("to"), grant_json=bindparam("raw"), words=approvals.c.words + bindparam("said", type_=Text))
    .returning(approvals.c.id)
)
_OURS: Final = approvals.c.tenant == bindparam("tenant")
_AGENT: Final = approvals.c.agent == bindparam("agent")
_STILL: Final = (
    _OURS & _PENDING & (approvals.c.expires >= bindparam("now")) & (approvals.c.digest != bindparam("digest"))
)
_ASKED: Final = select(
    *(
        select(func.count()).where(which).scalar_subquery()
        for which in (_STILL, _STILL & _AGENT, _OURS & _AGENT & (approvals.c.received > bindparam("since")))
    )
)
"""Statements of each question, made once: making one costs more than the database's work for it."""


@cache
def _insertion(dialect: str) -> Executable:
    return insert_in(dialect, approvals).on_conflict_do_nothing().returning(approvals.c.id)


@cache
def _answer(dialect: str) -> Executable:
    statement = insert_in(dialect, answers)
    key = [answers.c.tenant, answers.c.request, answers.c.approver]
    said = {name: statement.excluded[name] for name in ("allow", "at", "grant_json")}
    return statement.on_conflict_do_update(index_elements=key, set_=said)


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """One question.

    Attributes:
        request: canonical JSON, as it came.
        received, expires: seconds since the epoch, by the hub's clock.
    """

    tenant: TenantId
    id: RequestId
    state: ApprovalState
    request: bytes
    received: float
    expires: float


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is asked.

    Attributes:
        pending: open questions of the tenant.
        pending_of_agent: those of one agent.
        of_agent_since: all that this agent put since a time, whatever came of them.
    """

    pending: int
    pending_of_agent: int
    of_agent_since: int


def _stored(row: Row[tuple[object, ...]]) -> StoredApproval:
    state = ApprovalState(row.state)
    return StoredApproval(row.tenant, RequestId(row.id), state, row.request, row.received, row.expires)


async def insert(connection: AsyncConnection, question: ApprovalRequest, stored: StoredApproval) -> bool:
    """Store a new question; False if the tenant has one with this id. An open one of the same digest ends."""
    row = {
        "tenant": stored.tenant,
        "id": stored.id,
        "state": stored.state.value,
        "request": stored.request,
        "received": stored.received,
        "expires": stored.expires,
        "agent": _text(question.agent),
        "tool": _text(question.tool),
        "digest": question.action_digest,
        "words": _words(question),
    }
    statement = _insertion(connection.dialect.name)
    if (await connection.execute(statement, row)).first() is not None:
        return True
    if not await _make_way(connection, question, stored.received):
        return False
    return (await connection.execute(statement, row)).first() is not None


async def _make_way(connection: AsyncConnection, question: ApprovalRequest, now: float) -> bool:
    """End an open question about the same call; False if there is none."""
    alike = (approvals.c.tenant == question.tenant) & (approvals.c.digest == question.action_digest)
    over = case((approvals.c.expires < now, _EXPIRED), else_=ApprovalState.CANCELLED.value)
    statement = update(approvals).where(alike & _PENDING & (approvals.c.id != question.id)).values(state=over)
    return (await connection.execute(statement.returning(approvals.c.id))).first() is not None


def _words(question: ApprovalRequest) -> str:
    said = (question.id, question.agent, question.tool, question.level.word, *question.recipients, *question.amounts)
    params = canonical_bytes(question.params).decode("utf-8")
    return _text("\n".join((*said, question.reason, params)).casefold()[:WORDS])


def _text(said: str) -> str:
    """Return `said` as both databases keep it: PostgreSQL knows no zero character."""
    return said.replace("\x00", " ")


async def find(
    connection: AsyncConnection, tenant: TenantId, request: RequestId, *, lock: bool = False
) -> StoredApproval | None:
    """Return the tenant's question with this id; with `lock`, nobody else changes it until the transaction ends."""
    row = (await connection.execute(_FIND_LOCKED if lock else _FIND, {"tenant": tenant, "id": request})).first()
    return None if row is None else _stored(row)


def _late(now: float) -> ColumnElement[bool]:
    return _PENDING & (approvals.c.expires < now)


async def listed(
    connection: AsyncConnection, tenants: Collection[TenantId], state: ApprovalState | None, now: float, limit: int
) -> tuple[StoredApproval, ...]:
    """Return the questions of these tenants that stand so at `now`, the newest first; None: in any state."""
    query = select(approvals).where(approvals.c.tenant.in_(tenants))
    if state is ApprovalState.PENDING:
        query = query.where(_PENDING & (approvals.c.expires >= now))
    elif state is ApprovalState.EXPIRED:
        query = query.where((approvals.c.state == _EXPIRED) | _late(now))
    elif state is not None:
        query = query.where(approvals.c.state == state.value)
    rows = await connection.execute(query.order_by(approvals.c.received.desc(), approvals.c.id).limit(limit))
    return tuple(_stored(row) for row in rows)


async def settled(
    connection: AsyncConnection,
    tenants: Collection[TenantId],
    words: Iterable[str],
    now: float,
    before: float | None,
    limit: int,
) -> tuple[StoredApproval, ...]:
    """Return the newest questions of these tenants that are not open at `now`, with each of `words` (case-folded) in
    them; `before`: only what came before that time."""
    query = select(approvals).where(approvals.c.tenant.in_(tenants) & (~_PENDING | _late(now)))
    for word in words:
        query = query.where(approvals.c.words.contains(word, autoescape=True))
    if before is not None:
        query = query.where(approvals.c.received < before)
    rows = await connection.execute(query.order_by(approvals.c.received.desc(), approvals.c.id).limit(limit))
    return tuple(_stored(row) for row in rows)


async def decided(connection: AsyncConnection, question: ApprovalRequest, limit: int) -> tuple[StoredApproval, ...]:
    """Return the newest other questions of the same agent and tool that people answered."""
    same = (approvals.c.tenant == question.tenant) & (approvals.c.agent == _text(question.agent))
    same = same & (approvals.c.id != question.id)
    answered = (approvals.c.tool == _text(question.tool)) & approvals.c.grant_json.is_not(None)
    query = select(approvals).where(same & answered).order_by(approvals.c.received.desc(), approvals.c.id)
    return tuple(_stored(row) for row in await connection.execute(query.limit(limit)))


async def asked(connection: AsyncConnection, question: ApprovalRequest, now: float, since: float) -> Asked:
    """Count what is asked of the tenant of `question`, and by its agent. One alike that is open does not count: the new
    one takes its place."""
    named = {"tenant": question.tenant, "agent": _text(question.agent), "digest": question.action_digest}
    return Asked(*(await connection.execute(_ASKED, {**named, "now": now, "since": since})).one())


async def expire(connection: AsyncConnection, now: float) -> frozenset[TenantId]:
    """Close the questions whose time has run out; return whose they were. One that is being answered is passed over."""
    late = select(approvals.c.tenant, approvals.c.id).where(_late(now))
    named = tuple_(approvals.c.tenant, approvals.c.id).in_(late.with_for_update(skip_locked=True))
    closed = update(approvals).where(named & _PENDING).values(state=_EXPIRED).returning(approvals.c.tenant)
    return frozenset((await connection.execute(closed)).scalars())


async def close(connection: AsyncConnection, tenant: TenantId, request: RequestId, state: ApprovalState) -> bool:
    """Move a pending question to `state` without an answer; False if it was not pending any more."""
    open_one = (approvals.c.tenant == tenant) & (approvals.c.id == request) & _PENDING
    closed = await connection.execute(
        update(approvals).where(open_one).values(state=state.value).returning(approvals.c.id)
    )
    return closed.first() is not None


async def settle(connection: AsyncConnection, tenant: TenantId, grant: Grant) -> bool:
    """Move a pending question to where `grant`, the answer that settles it, takes it; False if it was not pending."""
    state = ApprovalState.GRANTED if grant.allow else ApprovalState.DENIED
    said = "\n" + _text(grant.approver).casefold()
    given = {"to": state.value, "raw": canonical_bytes(grant_to_json(grant)), "said": said}
    found = await connection.execute(_SETTLE, {"of": tenant, "request_id": grant.request, **given})
    return found.first() is not None


async def add_answer(connection: AsyncConnection, tenant: TenantId, grant: Grant, now: float) -> None:
    """Keep what one person said of a question, in place of what they said before."""
    said = {"allow": grant.allow, "at": now, "grant_json": canonical_bytes(grant_to_json(grant))}
    row = {"tenant": tenant, "request": grant.request, "approver": grant.approver, **said}
    await connection.execute(_answer(connection.dialect.name), row)


async def answers_of(
    connection: AsyncConnection, found: Collection[StoredApproval]
) -> Mapping[tuple[TenantId, RequestId], tuple[bytes, ...]]:
    """Return the signed answers to each of these questions, in the order in which they came."""
    kept: dict[tuple[TenantId, RequestId], tuple[bytes, ...]] = defaultdict(tuple)
    keys = [(stored.tenant, stored.id) for stored in found]
    query = select(answers).where(tuple_(answers.c.tenant, answers.c.request).in_(keys))
    for row in await connection.execute(query.order_by(answers.c.at, answers.c.approver)):
        kept[row.tenant, row.request] += (row.grant_json,)
    return kept
