"""Messages on their way: one row for each person, channel and subject.

    waiting --claim--> sending --sent | dropped | dead (settled)
       ^                  |
       `--- later --------'   not now, or not this time

A claim is an UPDATE ... RETURNING with a lease. Whoever sends names the claim when it settles the row, so a process
that comes back after its lease changes nothing. What can be sent twice is a message whose process was killed between
the send and the commit: no receiver offers a transaction over both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.happenings import stored_object
from hub.store.schema.notices import outbox
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.model.tool_call import TenantId


class Sending(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be sent.

    Attributes:
        person: an id; empty for a webhook.
        channel: id of a channel or webhook.
        subject: what it is about: the same one is not sent twice by a channel.
        alike: what it has in common with others that may be told with it; empty for nothing.
        due: seconds since the epoch.
    """

    person: str
    channel: str
    tenant: TenantId
    kind: str
    subject: str
    body: JsonObject
    due: float
    alike: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the outbox. `attempts`: with this one."""

    id: int
    draft: Draft
    attempts: int


def _message(row: Row[tuple[object, ...]]) -> Message:
    body = stored_object(row.body)
    draft = Draft(row.person, row.channel, row.tenant, row.kind, row.subject, body, row.due, row.alike)
    return Message(row.id, draft, row.attempts)


async def add(connection: AsyncConnection, draft: Draft, now: float) -> bool:
    """Put a message in; False if this person was told of this subject by this channel, or will be."""
    statement = insert_into(connection, outbox).values(
        person=draft.person,
        channel=draft.channel,
        tenant=draft.tenant,
        kind=draft.kind,
        subject=draft.subject,
        alike=draft.alike,
        body=canonical_bytes(draft.body),
        state=Sending.WAITING.value,
        created=now,
        due=draft.due,
    )
    return (await connection.execute(statement.on_conflict_do_nothing().returning(outbox.c.id))).first() is not None


async def waiting_alike(connection: AsyncConnection, draft: Draft) -> Message | None:
    """Return the message that waits and that `draft` can become part of; locked until commit where rows can be."""
    same = (outbox.c.person == draft.person) & (outbox.c.channel == draft.channel) & (outbox.c.tenant == draft.tenant)
    like = (outbox.c.kind == draft.kind) & (outbox.c.alike == draft.alike) & (outbox.c.state == Sending.WAITING.value)
    row = (await connection.execute(select(outbox).where(same & like).order_by(outbox.c.id).with_for_update())).first()
    return None if row is None else _message(row)


async def widen(connection: AsyncConnection, message: int, body: JsonObject) -> None:
    """Let a waiting message tell of more."""
    mine = (outbox.c.id == message) & (outbox.c.state == Sending.WAITING.value)
    await connection.execute(update(outbox).where(mine).values(body=canonical_bytes(body)))


async def last_alike(connection: AsyncConnection, draft: Draft) -> float:
    """Return when the last message of this kind that is alike went to this channel; 0.0 if none did."""
    same = (outbox.c.person == draft.person) & (outbox.c.channel == draft.channel) & (outbox.c.tenant == draft.tenant)
    like = (outbox.c.kind == draft.kind) & (outbox.c.alike == draft.alike)
    gone = outbox.c.state.in_([Sending.SENT.value, Sending.SENDING.value])
    last = select(func.max(func.coalesce(outbox.c.settled, outbox.c.due))).where(same & like & gone)
    return float((await connection.execute(last)).scalar_one() or 0.0)


async def claim(connection: AsyncConnection, holder: str, now: float, lease: float, limit: int) -> tuple[Message, ...]:
    """Take what is due, the longest due first, and what a process held that has died."""
    waits = (outbox.c.state == Sending.WAITING.value) & (outbox.c.due <= now)
    orphaned = (outbox.c.state == Sending.SENDING.value) & (outbox.c.lease < now)
    free = select(outbox.c.id).where(or_(waits, orphaned)).order_by(outbox.c.due, outbox.c.id)
    mine = outbox.c.id.in_(free.limit(limit).with_for_update(skip_locked=True))
    taken = {"state": Sending.SENDING.value, "holder": holder, "lease": now + lease}
    statement = update(outbox).where(mine).values(**taken, attempts=outbox.c.attempts + 1).returning(outbox)
    rows = await connection.execute(statement)
    return tuple(_message(row) for row in sorted(rows, key=lambda row: (row.due, row.id)))


async def settle(
    connection: AsyncConnection, message: int, holder: str, state: Sending, reason: str, now: float
) -> bool:
    """End a message that is held by `holder`; False if it is not (any more)."""
    mine = (outbox.c.id == message) & (outbox.c.holder == holder) & (outbox.c.state == Sending.SENDING.value)
    done = {"state": state.value, "settled": now, "reason": reason[:500], "holder": "", "lease": 0.0}
    return (
        await connection.execute(update(outbox).where(mine).values(**done).returning(outbox.c.id))
    ).first() is not None


async def later(
    connection: AsyncConnection, message: int, holder: str, due: float, reason: str, *, tried: bool
) -> bool:
    """Put a held message back until `due`; False if it is not held. `tried`: whether this counts as an attempt."""
    mine = (outbox.c.id == message) & (outbox.c.holder == holder) & (outbox.c.state == Sending.SENDING.value)
    back = {"state": Sending.WAITING.value, "holder": "", "lease": 0.0, "due": due, "reason": reason[:500]}
    attempts = outbox.c.attempts if tried else outbox.c.attempts - 1
    statement = update(outbox).where(mine).values(**back, attempts=attempts)
    return (await connection.execute(statement.returning(outbox.c.id))).first() is not None


async def sent_since(connection: AsyncConnection, person: str, since: float) -> tuple[float, ...]:
    """Return when a person was sent something after `since`, the oldest first."""
    gone = (outbox.c.person == person) & (outbox.c.settled > since) & (outbox.c.state == Sending.SENT.value)
    return tuple((await connection.execute(select(outbox.c.settled).where(gone).order_by(outbox.c.settled))).scalars())


async def waiting(connection: AsyncConnection, person: str, but: int) -> int:
    """Count what waits for a person, without the message `but`."""
    open_ones = outbox.c.state.in_([Sending.WAITING.value, Sending.SENDING.value])
    query = select(func.count()).where((outbox.c.person == person) & open_ones & (outbox.c.id != but))
    return int((await connection.execute(query)).scalar_one())


async def any_due(connection: AsyncConnection, now: float) -> bool:
    """Tell whether there is anything to claim, without a lock."""
    waits = (outbox.c.state == Sending.WAITING.value) & (outbox.c.due <= now)
    orphaned = (outbox.c.state == Sending.SENDING.value) & (outbox.c.lease < now)
    return (await connection.execute(select(outbox.c.id).where(or_(waits, orphaned)).limit(1))).first() is not None


async def forget(connection: AsyncConnection, before: float) -> None:
    """Take out what was settled before `before`."""
    await connection.execute(delete(outbox).where(outbox.c.settled < before))


async def forget_channel(connection: AsyncConnection, channel: str) -> None:
    """Drop what still waits for a channel that is gone."""
    mine = (outbox.c.channel == channel) & (outbox.c.state == Sending.WAITING.value)
    await connection.execute(delete(outbox).where(mine))
