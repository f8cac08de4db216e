"""Outward grants by HTTP, for `safety approvals` and other clients."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.approvals import standing
from hub.approvals.approver import Approver
from hub.approvals.standing import Terms
from hub.auth.bodies import body_of
from hub.auth.callers import bearer
from hub.context import Context
from hub.store.standing import MadeGrant
from hub.store.tokens import TokenKind
from safety_core.canonical import JsonObject
from safety_core.model.approval import RequestId
from safety_core.wire.feed import standing_to_json
from safety_core.wire.reader import Reader


async def make(request: Request, context: Context) -> Response:
    """Make an outward grant from a question: {"recipient", "not_after", "uses"}."""
    approver = await _approver(request, context)
    body = Reader.parse(await body_of(request), "outward grant")
    terms = Terms(body.text("recipient"), body.number("not_after"), body.integer("uses"))
    body.done()
    grant = await standing.make(context, approver, RequestId(request.path_params["id"]), terms)
    return JSONResponse({"grant": standing_to_json(grant)}, 201)


async def listed(request: Request, context: Context) -> Response:
    """List the outward grants of the approver's tenant, the newest first."""
    approver = await _approver(request, context)
    found = await standing.listed(context, (approver.tenant,))
    return JSONResponse({"outward": [_shown(made) for made in found]})


async def withdraw(request: Request, context: Context) -> Response:
    """End an outward grant now."""
    approver = await _approver(request, context)
    await standing.withdraw(context, approver, request.path_params["id"])
    return JSONResponse({"ok": True})


async def _approver(request: Request, context: Context) -> Approver:
    token = await bearer(request, context, TokenKind.APPROVER)
    return Approver(token.tenant, token.name, "api")


def _shown(made: MadeGrant) -> JsonObject:
    return {
        "grant": standing_to_json(made.grant),
        "request": made.request,
        "withdrawn": made.withdrawn,
        "withdrawn_by": made.withdrawn_by,
        "remaining": made.remaining,
        "ended": made.ended,
    }
