"""What is still to be handed out to people and webhooks; reminders lie here until they are due."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Executable, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_in
from hub.store.schema.notices import happenings
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import parse_json


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing to tell.

    Attributes:
        kind, subject: together its name within the tenant.
        at, due: seconds since the epoch: when it happened, when it is to be told.
        body: words and numbers.
    """

    tenant: TenantId
    kind: str
    subject: str
    at: float
    due: float
    body: JsonObject


def stored_object(raw: bytes) -> JsonObject:
    """Return the JSON object that we stored."""
    value = parse_json(raw, "stored object")
    return value if isinstance(value, dict) else {}


@cache
def _insertion(dialect: str) -> Executable:
    return insert_in(dialect, happenings).on_conflict_do_nothing()


async def insert(connection: AsyncConnection, *new: Happening) -> None:
    """Write them down, but those of whose name one still waits."""
    rows = [
        {
            "tenant": item.tenant,
            "kind": item.kind,
            "subject": item.subject,
            "at": item.at,
            "due": item.due,
            "body": canonical_bytes(item.body),
        }
        for item in new
    ]
    if rows:
        await connection.execute(_insertion(connection.dialect.name), rows)


async def take(connection: AsyncConnection, now: float, limit: int) -> tuple[Happening, ...]:
    """Take out what is due, the oldest first. What is taken is gone at commit, with what the caller made of it."""
    mine = select(happenings.c.id).where(happenings.c.due <= now).order_by(happenings.c.due, happenings.c.id)
    mine = mine.limit(limit).with_for_update(skip_locked=True)
    statement = delete(happenings).where(happenings.c.id.in_(mine)).returning(happenings)
    rows = sorted(await connection.execute(statement), key=lambda row: (row.due, row.id))
    return tuple(Happening(row.tenant, row.kind, row.subject, row.at, row.due, stored_object(row.body)) for row in rows)


async def forget(connection: AsyncConnection, tenant: TenantId, subject: str, kinds: tuple[str, ...]) -> None:
    """Take out what is not worth telling any more."""
    mine = (happenings.c.tenant == tenant) & (happenings.c.subject == subject) & happenings.c.kind.in_(kinds)
    await connection.execute(delete(happenings).where(mine))
