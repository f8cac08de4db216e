"""Tokens, by hash only: a copy of the database opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.edges import tokens
from safety_core.model.tool_call import TenantId


class TokenKind(StrEnum):
    """What a token is for."""

    REGISTER = "register"
    APPROVER = "approver"
    PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True)
class Token:
    """A stored token.

    Attributes:
        tenant: empty for one that is good for all tenants.
        person: whose it is (an id); None for an edge's.
        hash: sha256 of the token, hexadecimal.
        public: an approver's own Ed25519 key, hexadecimal, where it is known.
        expires, used: seconds since the epoch; None for never and not yet.
    """

    hash: str
    kind: TokenKind
    tenant: TenantId
    name: str
    created: float
    public: str | None = None
    expires: float | None = None
    used: float | None = None
    person: str | None = None


_FIND: Final = select(tokens).where(tokens.c.hash == bindparam("digest"))


async def put(connection: AsyncConnection, token: Token) -> None:
    """Store a token in place of any of the same tenant, kind and name."""
    here = tokens.c.tenant == token.tenant if token.tenant else tokens.c.tenant.is_(None)
    same = here & (tokens.c.kind == token.kind) & (tokens.c.name == token.name)
    await connection.execute(delete(tokens).where(same))
    await connection.execute(
        insert_into(connection, tokens).values(
            hash=token.hash,
            kind=token.kind.value,
            tenant=token.tenant or None,
            name=token.name,
            person=token.person,
            public=token.public,
            created=token.created,
            expires=token.expires,
        )
    )


async def find(connection: AsyncConnection, digest: str) -> Token | None:
    """Return the token with this hash."""
    row = (await connection.execute(_FIND, {"digest": digest})).first()
    if row is None:
        return None
    kept = {**row._mapping, "kind": TokenKind(row.kind), "tenant": TenantId(row.tenant or "")}
    return Token(**kept)


async def remove_of(connection: AsyncConnection, person: str) -> None:
    """Remove all tokens of a person."""
    await connection.execute(delete(tokens).where(tokens.c.person == person))


async def use(connection: AsyncConnection, digest: str, now: float) -> bool:
    """Use a one-time token up; False if somebody was first."""
    statement = update(tokens).where((tokens.c.hash == digest) & tokens.c.used.is_(None)).values(used=now)
    return (await connection.execute(statement.returning(tokens.c.hash))).first() is not None
