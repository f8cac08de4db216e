"""Who sends a request: an edge by its tenant's signature, an approver or publisher by a bearer token.

Every refusal reads alike whether the tenant, the token or the signature is wrong: nobody learns names by asking.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from hub.auth.bodies import body_of
from hub.auth.revocation import note_use
from hub.context import Context
from hub.errors import UnauthenticatedError
from hub.roles import Role
from hub.store import nonces, people, tenants, tokens
from hub.store.nonces import Nonce
from hub.store.tokens import Token, TokenKind
from safety_core.errors import ForgedRequestError, ReplayedRequestError
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import NONCE_SECONDS, read_signature, verify_request

ROLE_OF: Final = {TokenKind.APPROVER: Role.OWNER, TokenKind.PUBLISHER: Role.AUTHOR}
"""What the holder of a token has to be for as long as it is used."""

_NOBODY: Final = "0" * 64
"""A key that verifies nothing, so that an unknown tenant costs the same time as a known one."""


@dataclass(frozen=True, slots=True)
class EdgeCall:
    """A request that a tenant's key has signed, for the first time. `public` is that key, hexadecimal."""

    tenant: TenantId
    public: str
    body: bytes


def new_token(kind: TokenKind) -> str:
    """Draw a token of 256 bits. Its prefix lets secret scanners know it."""
    return f"safety-{kind.value}-{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """Return the one form in which a token is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def path_of(request: Request) -> str:
    """Return the path with the query, exactly as it came."""
    raw = bytes(request.scope.get("raw_path") or request.scope["path"].encode()).decode("latin-1")
    query = bytes(request.scope["query_string"]).decode("latin-1")
    return f"{raw}?{query}" if query else raw


async def edge_call(request: Request, context: Context) -> EdgeCall:
    """Return who signed the request, and its body; remembers its nonce.

    Raises:
        RequestError: forged, stale or replayed.
    """
    claim = read_signature(request.headers)
    body, path, now = await body_of(request), path_of(request), context.clock()
    tenant = claim.stamp.tenant
    public = context.admission.key_of(tenant) or _NOBODY
    try:
        stamp = verify_request(request.method, path, body, claim, public, now)
    except ForgedRequestError:  # another key than it had: look which one it has now
        async with context.database.read() as connection:
            public = (await tenants.keys_of(connection, (tenant,))).get(tenant, _NOBODY)
        try:
            stamp = verify_request(request.method, path, body, claim, public, now)
        except ForgedRequestError:
            await note_use(context, request, path, body, claim)
            raise
    admitted = await context.admission.admit(context.database, Nonce(tenant, stamp.nonce, now + NONCE_SECONDS))
    if not admitted.fresh:
        raise ReplayedRequestError("request", "has come before", "draw a fresh nonce for each request")
    if admitted.public != public:
        await note_use(context, request, path, body, claim)
        fix = "register this tenant's key: safety tenant register"
        raise ForgedRequestError("request", "is not signed by the tenant's registered key", fix)
    return EdgeCall(tenant, public, body)


async def forget_nonces(context: Context) -> None:
    """Forget the nonces of requests that would be refused for their time."""
    async with context.database.write() as connection:
        await nonces.forget(connection, context.clock())


async def bearer(request: Request, context: Context, kind: TokenKind) -> Token:
    """Return the token that the request bears, or raise UnauthenticatedError."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    digest = token_hash(token.strip())
    async with context.database.read() as connection:
        found = await tokens.find(connection, digest)
        held = found is not None and await _held(connection, found)
    if scheme.lower() == "bearer" and found is not None and held and valid(found, digest, kind, context.clock()):
        return found
    raise UnauthenticatedError("token", f"is not a valid {kind} token", f"ask the hub's admin for a new {kind} token")


async def _held(connection: AsyncConnection, token: Token) -> bool:
    """Tell whether the person whose token it is has not been shut out, and still has the role it stands for."""
    if token.person is None:
        return False
    return (await people.roles_of_known(connection, token.person)).has(ROLE_OF[token.kind], token.tenant)


def valid(token: Token, digest: str, kind: TokenKind, now: float) -> bool:
    """Tell whether a stored token is the one presented, of the right kind, and not expired."""
    same = hmac.compare_digest(token.hash, digest)
    return same and token.kind is kind and (token.expires is None or now <= token.expires)
