"""Questions and answers by HTTP: from edges, and for `safety approvals`."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.approvals import answering, editing, questions
from hub.approvals.approver import Approver
from hub.approvals.questions import Question
from hub.auth.bodies import body_of
from hub.auth.callers import bearer, edge_call
from hub.context import Context
from hub.errors import ForbiddenError
from hub.store.tokens import TokenKind
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError, MismatchedGrantError
from safety_core.model.approval import ApprovalState, RequestId
from safety_core.wire.approvals import grant_from_json, grant_to_json, request_from_json, request_to_json
from safety_core.wire.reader import Reader

ORIGINS: Final = frozenset({"api", "cli"})
"""From where a bearer of a token may say that they answer: nothing that policy could trust further."""


async def push(request: Request, context: Context) -> Response:
    """Take a question from an edge. 201 when it is new, 200 when it has come before."""
    call = await edge_call(request, context)
    question = request_from_json(Reader.parse(call.body, "approval request"))
    if question.tenant != call.tenant:
        raise ForbiddenError(f"approval {question.id}", "belongs to another tenant than the one that signs")
    state, new = await questions.take(context, question)
    return JSONResponse({"state": state}, 201 if new else 200)


async def listed(request: Request, context: Context) -> Response:
    """Show an approver the questions of their tenant, the newest first."""
    token = await bearer(request, context, TokenKind.APPROVER)
    word = request.query_params.get("state")
    if word is not None and word not in set(ApprovalState):
        raise InputError("query state", "must be one of " + ", ".join(ApprovalState))
    found = await questions.listed(context, (token.tenant,), ApprovalState(word) if word else None)
    return JSONResponse({"approver": token.name, "approvals": [_shown(question) for question in found]})


async def show(request: Request, context: Context) -> Response:
    """Show an approver one question of their tenant."""
    token = await bearer(request, context, TokenKind.APPROVER)
    question = await questions.find(context, token.tenant, RequestId(request.path_params["id"]))
    return JSONResponse({"approver": token.name, **_shown(question)})


def _shown(question: Question) -> JsonObject:
    said: list[Json] = [grant_to_json(grant) for grant in question.answers]
    settled = question.state in {ApprovalState.GRANTED, ApprovalState.DENIED}
    return {
        "request": request_to_json(question.request),
        "state": question.state.value,
        "received": question.received,
        "expires": question.expires,
        "grant": said[-1] if settled and said else None,
        "answers": said,
        "missing": question.missing,
    }


async def decide(request: Request, context: Context) -> Response:
    """Take an approver's answer: {"allow"} for the hub to sign, or {"grant"} that they signed themselves.

    The same answer of the same approver again is no conflict.
    """
    token = await bearer(request, context, TokenKind.APPROVER)
    body = Reader.parse(await body_of(request), "decision")
    request_id = RequestId(request.path_params["id"])
    if body.has("grant"):
        grant = grant_from_json(body.object("grant"))
        body.done()
        if grant.request != request_id:
            raise MismatchedGrantError(f"grant for {request_id}", "it was given for another request")
        settled = await answering.answer_signed(context, Approver(token.tenant, token.name, "api"), grant)
    else:
        allow, origin = body.flag("allow"), body.text("origin", "api", limit=64)
        body.done()
        if origin not in ORIGINS:
            raise InputError("decision.origin", "must be one of " + ", ".join(sorted(ORIGINS)))
        approver = Approver(token.tenant, token.name, origin)
        settled = await answering.answer(context, approver, request_id, allow=allow)
    return JSONResponse({"state": settled.state, "grant": grant_to_json(settled.grant), "missing": settled.missing})


async def cancel(request: Request, context: Context) -> Response:
    """End a question without an answer."""
    token = await bearer(request, context, TokenKind.APPROVER)
    approver = Approver(token.tenant, token.name, "api")
    await answering.cancel(context, approver, RequestId(request.path_params["id"]))
    return JSONResponse({"state": ApprovalState.CANCELLED})


async def edit(request: Request, context: Context) -> Response:
    """Take other arguments for a call: {"params"}. The edge judges them and asks anew."""
    token = await bearer(request, context, TokenKind.APPROVER)
    body = Reader.parse(await body_of(request), "edit")
    params = body.mapping("params")
    body.done()
    approver = Approver(token.tenant, token.name, "api")
    await editing.edit(context, approver, RequestId(request.path_params["id"]), params)
    return JSONResponse({"ok": True}, 202)
