"""Questions and answers: durable from the first moment, idempotent by id, first answer wins.

States move as `safety_core.approve.TRANSITIONS` says, in one transaction each. The hub signs with its approval key
what policy may let it; a `strong` request is approved only by the approver's own key. Either way the edge verifies
against keys pinned in signed policy: what a compromised hub makes up opens nothing that policy reserves for people.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth import bearer, body_of, edge_call
from hub.context import Context
from hub.errors import ConflictError, FloodError, ForbiddenError, NotFoundError
from hub.grants import believed, signed
from hub.store import approvals, tenants
from hub.store.approvals import StoredApproval
from hub.store.tokens import Token, TokenKind
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import InputError, LimitError
from safety_core.model.approval import ANSWER_SECONDS, ApprovalState, Grant, RequestId
from safety_core.model.tool_call import TenantId
from safety_core.wire.approvals import grant_from_json, grant_to_json, request_from_json, request_to_json
from safety_core.wire.reader import Reader, parse_json

PAGE: Final = 100
"""Questions in one answer: more than a person reads at once; the others come when these are answered."""

PAGE_BYTES: Final = 8 * 1024 * 1024
"""... and how large that answer may become, but for one question that is always shown."""

QUESTION_BYTES: Final = 1024 * 1024
"""Bytes of one question: a person is to read it before they answer."""

ANSWERS: Final = {True: ApprovalState.GRANTED, False: ApprovalState.DENIED}


async def push(request: Request, context: Context) -> Response:
    """Take a question from an edge. 201 when it is new, 200 when it has come before."""
    call = await edge_call(request, context)
    question = request_from_json(Reader.parse(call.body, "approval request"))
    if question.tenant != call.tenant:
        raise ForbiddenError(f"approval {question.id}", "belongs to another tenant than the one that signs")
    raw, now = canonical_bytes(request_to_json(question)), context.clock()
    if len(raw) > QUESTION_BYTES:
        raise LimitError(
            f"approval {question.id}", f"is larger than {QUESTION_BYTES} bytes", "have the agent do it in parts"
        )
    expires = min(question.expires, now + ANSWER_SECONDS)
    stored = StoredApproval(question.id, ApprovalState.PENDING, raw, now, expires)
    async with context.database.write() as connection:
        known = await approvals.find(connection, call.tenant, question.id)
        if known is None:
            if await approvals.pending(connection, call.tenant, now) >= context.settings.max_pending:
                raise FloodError("approvals", "too many open questions", "answer or deny some: `safety approvals list`")
            if await approvals.insert(connection, call.tenant, stored):
                return JSONResponse({"state": _state(stored, now)}, 201)
            known = await approvals.find(connection, call.tenant, question.id)
    if known is None or known.request != raw:
        raise ConflictError(f"approval {question.id}", "is already there with other content", "use a fresh id")
    return JSONResponse({"state": _state(known, now)})


async def listed(request: Request, context: Context) -> Response:
    """Show an approver the questions of their tenant, the newest first."""
    token = await bearer(request, context, TokenKind.APPROVER)
    word = request.query_params.get("state")
    if word is not None and word not in set(ApprovalState):
        raise InputError("query state", "must be one of " + ", ".join(ApprovalState))
    now = context.clock()
    async with context.database.write() as connection:
        await approvals.expire(connection, token.tenant, now)
    async with context.database.read() as connection:
        found = await approvals.listed(connection, token.tenant, ApprovalState(word) if word else None, PAGE)
    return JSONResponse({"approver": token.name, "approvals": [_shown(stored, now) for stored in _page(found)]})


def _page(found: tuple[StoredApproval, ...]) -> tuple[StoredApproval, ...]:
    total = accumulate(len(stored.request) for stored in found)
    return tuple(
        stored for index, (stored, size) in enumerate(zip(found, total, strict=True)) if not index or size <= PAGE_BYTES
    )


async def show(request: Request, context: Context) -> Response:
    """Show an approver one question of their tenant."""
    token = await bearer(request, context, TokenKind.APPROVER)
    stored = await _found(context, token.tenant, RequestId(request.path_params["id"]))
    return JSONResponse({"approver": token.name, **_shown(stored, context.clock())})


def _shown(stored: StoredApproval, now: float) -> JsonObject:
    return {
        "request": parse_json(stored.request, "stored request"),
        "state": _state(stored, now).value,
        "received": stored.received,
        "expires": stored.expires,
        "grant": parse_json(stored.grant, "stored grant") if stored.grant else None,
    }


def _state(stored: StoredApproval, now: float) -> ApprovalState:
    late = stored.state is ApprovalState.PENDING and now > stored.expires
    return ApprovalState.EXPIRED if late else stored.state


async def _found(context: Context, tenant: TenantId, request: RequestId) -> StoredApproval:
    async with context.database.read() as connection:
        stored = await approvals.find(connection, tenant, request)
    if stored is None:
        raise NotFoundError("approval", "is not there", "see `safety approvals list`")
    return stored


async def decide(request: Request, context: Context) -> Response:
    """Take an approver's answer: {"allow"} for the hub to sign, or {"grant"} that they signed themselves.

    The first answer wins; the same answer of the same approver again is no conflict.
    """
    token = await bearer(request, context, TokenKind.APPROVER)
    body = Reader.parse(await body_of(request), "decision")
    stored = await _found(context, token.tenant, RequestId(request.path_params["id"]))
    question = request_from_json(Reader.parse(stored.request, "stored request"))
    now = context.clock()
    if body.has("grant"):
        grant = believed(grant_from_json(body.object("grant")), question, token, now)
    else:
        allow, origin = body.flag("allow"), body.text("origin", "api", limit=64)
        grant = signed(question, context.keys, allow=allow, approver=token.name, origin=origin, now=now)
    body.done()
    settled = await _settle(context, token, stored, grant, now)
    context.bell.ring(token.tenant)
    return JSONResponse({"state": ANSWERS[settled.allow], "grant": grant_to_json(settled)})


async def _settle(context: Context, token: Token, stored: StoredApproval, grant: Grant, now: float) -> Grant:
    """Store the answer if it is the first, in one transaction; return the answer that holds."""
    tenant, state = token.tenant, ANSWERS[grant.allow]
    async with context.database.write() as connection:
        await approvals.expire(connection, tenant, now)
        feed = await tenants.next_decision(connection, tenant)  # locks the tenant's row: one answer at a time
        raw = canonical_bytes(grant_to_json(grant))
        if await approvals.answer(connection, tenant, stored.id, state, raw, feed):
            return grant
        known = await approvals.find(connection, tenant, stored.id)
    if known is None:
        raise NotFoundError("approval", "is not there any more")
    if not known.grant:
        raise ConflictError(f"approval {stored.id}", f"is {known.state}", "have the agent ask again")
    first = grant_from_json(Reader.parse(known.grant, "stored grant"))
    if (first.approver, first.allow) != (grant.approver, grant.allow):
        raise ConflictError(f"approval {stored.id}", f"is already {known.state} by {first.approver}")
    return first
