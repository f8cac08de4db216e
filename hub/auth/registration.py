"""Registration: a one-time token binds a tenant's public key. From then on the tenant signs."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth.bodies import body_of
from hub.auth.callers import path_of, token_hash, valid
from hub.bus import Topic
from hub.context import Context
from hub.errors import ForbiddenError, UnauthenticatedError
from hub.store import tenants, tokens
from hub.store.tokens import TokenKind
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import Reader
from safety_core.wire.signed import read_signature, tenant_id, verify_request

PUBLIC: Final = re.compile(r"[0-9a-f]{64}")


async def register(request: Request, context: Context) -> Response:
    """Bind a key. The request is signed with it, which proves that its sender holds it.

    The same key with the same token again is answered alike: the first answer may have been lost.
    """
    claim = read_signature(request.headers)
    raw = await body_of(request)
    body = Reader.parse(raw, "registration")
    token, tenant, public = body.text("token", limit=200), tenant_id(body.text("tenant")), body.text("public", limit=64)
    body.done()
    if not PUBLIC.fullmatch(public):
        raise InputError("registration.public", "must be an Ed25519 public key of 64 hexadecimal digits")
    if claim.stamp.tenant != tenant:
        raise InputError("registration.tenant", "is not the tenant that signs the request")
    verify_request(request.method, path_of(request), raw, claim, public, context.clock())
    await _bind(context, tenant, token_hash(token), public)
    return JSONResponse({"tenant": tenant})


async def _bind(context: Context, tenant: TenantId, digest: str, public: str) -> None:
    now = context.clock()
    async with context.database.write() as connection:
        token = await tokens.find(connection, digest)
        known = await tenants.find(connection, tenant)
        if (
            token is None
            or known is None
            or token.tenant != tenant
            or not valid(token, digest, TokenKind.REGISTER, now)
        ):
            raise _refused()
        if await tenants.was_taken_back(connection, tenant, public):
            fix = "move keys/edge.key and audit.db* out of the edge's folder, and register again"
            raise ForbiddenError(f"tenant {tenant}", "registers a key that was taken back", fix)
        if await tokens.use(connection, digest, now):
            await tenants.set_public(connection, tenant, public, now)
        elif known.public != public:
            raise _refused()
    context.bus.ring(tenant, Topic.KEY)


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError(
        "token", "is not a valid registration token of this tenant, or is used", "ask the hub's admin for a new one"
    )
