"""One-use action links, by the hash of their token: a copy of the database opens none."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.notices import links
from safety_core.model.approval import RequestId
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for.

    Attributes:
        hash: sha256 of the token, hexadecimal.
        word: of the channel that it went by.
        expires, used: seconds since the epoch; None for not yet.
    """

    hash: str
    tenant: TenantId
    request: RequestId
    person: str
    word: str
    created: float
    expires: float
    used: float | None = None


async def put(connection: AsyncConnection, link: Link) -> None:
    """Store a new link."""
    await connection.execute(
        insert_into(connection, links).values(
            hash=link.hash,
            tenant=link.tenant,
            request=link.request,
            person=link.person,
            word=link.word,
            created=link.created,
            expires=link.expires,
        )
    )


async def find(connection: AsyncConnection, digest: str) -> Link | None:
    """Return the link with this hash."""
    row = (await connection.execute(select(links).where(links.c.hash == digest))).first()
    if row is None:
        return None
    request = RequestId(row.request)
    return Link(row.hash, row.tenant, request, row.person, row.word, row.created, row.expires, row.used)


async def use(connection: AsyncConnection, digest: str, now: float) -> bool:
    """Use a link up; False if it was used or its time is over."""
    holds = (links.c.hash == digest) & links.c.used.is_(None) & (links.c.expires >= now)
    return (
        await connection.execute(update(links).where(holds).values(used=now).returning(links.c.hash))
    ).first() is not None


async def give_back(connection: AsyncConnection, digest: str, used: float) -> None:
    """Let a link be used again, because what it was used for did not happen."""
    mine = (links.c.hash == digest) & (links.c.used == used)
    await connection.execute(update(links).where(mine).values(used=None))


async def forget(connection: AsyncConnection, before: float) -> None:
    """Take out links that ran out before `before`."""
    await connection.execute(delete(links).where(links.c.expires < before))
