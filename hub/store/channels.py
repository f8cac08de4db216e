"""By which channels people are told. Targets (addresses, subscriptions, URLs with keys in them) lie here sealed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.engine import insert_into
from hub.store.schema.notices import channels
from safety_core.model.level import Level


class ChannelKind(StrEnum):
    """How a channel is spoken to."""

    PUSH = "push"
    EMAIL = "email"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of one person.

    Attributes:
        id: 32 hexadecimal digits.
        word: the first word of the origin of what is answered by its links: "push", "email", "telegram" ...
        name: as the person calls it.
        target: sealed.
        mark: keyed hash of the target: the same one again is no second channel.
        least: from which level on it is used.
        detail: arguments may leave the house by it.
        failed: since when nothing gets through, seconds since the epoch; None while it works.
    """

    id: str
    person: str
    kind: ChannelKind
    word: str
    name: str
    target: bytes = field(repr=False)
    mark: str = field(repr=False)
    least: Level
    detail: bool
    created: float
    failed: float | None = None


def _channel(row: Row[tuple[object, ...]]) -> Channel:
    return Channel(
        id=row.id,
        person=row.person,
        kind=ChannelKind(row.kind),
        word=row.word,
        name=row.name,
        target=row.target,
        mark=row.mark,
        least=Level(row.least),
        detail=bool(row.detail),
        created=row.created,
        failed=row.failed,
    )


async def put(connection: AsyncConnection, channel: Channel) -> None:
    """Add a channel; one with the same target that the person has already takes on the new name and works again."""
    statement = insert_into(connection, channels).values(
        id=channel.id,
        person=channel.person,
        kind=channel.kind.value,
        word=channel.word,
        name=channel.name,
        target=channel.target,
        mark=channel.mark,
        least=channel.least.value,
        detail=int(channel.detail),
        created=channel.created,
        failed=channel.failed,
    )
    new = {"name": channel.name, "target": channel.target, "failed": None}
    await connection.execute(statement.on_conflict_do_update(index_elements=["person", "mark"], set_=new))


async def listed(connection: AsyncConnection, people: Collection[str]) -> tuple[Channel, ...]:
    """Return the channels of these people, the oldest first."""
    query = select(channels).where(channels.c.person.in_(people)).order_by(channels.c.created, channels.c.id)
    return tuple(_channel(row) for row in await connection.execute(query))


async def find(connection: AsyncConnection, channel: str) -> Channel | None:
    """Return one channel."""
    row = (await connection.execute(select(channels).where(channels.c.id == channel))).first()
    return None if row is None else _channel(row)


async def choose(connection: AsyncConnection, person: str, channel: str, least: Level, *, detail: bool) -> bool:
    """Set from which level on it is used, and what may leave by it; False if the person has no such channel."""
    mine = (channels.c.id == channel) & (channels.c.person == person)
    statement = update(channels).where(mine).values(least=least.value, detail=int(detail))
    return (await connection.execute(statement.returning(channels.c.id))).first() is not None


async def remove(connection: AsyncConnection, person: str, channel: str) -> bool:
    """Take a channel away; False if the person has no such channel."""
    mine = (channels.c.id == channel) & (channels.c.person == person)
    return (await connection.execute(delete(channels).where(mine).returning(channels.c.id))).first() is not None


async def note_failure(connection: AsyncConnection, channel: str, at: float | None) -> None:
    """Note that nothing gets through any more, or (None) that it does again."""
    changed = channels.c.failed.is_not(None) if at is None else channels.c.failed.is_(None)
    await connection.execute(update(channels).where((channels.c.id == channel) & changed).values(failed=at))
