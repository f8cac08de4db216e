"""The outward grants that approvers made from cards, each with the uses that it has left. Durable.

Taking a use is one transaction, so of several that want the last one, in whatever process, exactly one gets it; a kill
before it leaves the use, one after it has taken it, and nothing gives it back. That a grant is genuine is left to the
caller (`safety_core.standing.check_standing`, before `keep`, and again before it counts).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from safety_core.approve import BACK_SECONDS
from safety_core.canonical import canonical_bytes
from safety_core.edge.database import Database
from safety_core.errors import LimitError, ReplayedGrantError
from safety_core.model.approval import StandingGrant, StandingReport
from safety_core.model.tool_call import AgentId
from safety_core.wire.feed import REPORTS, standing_from_json, standing_to_json
from safety_core.wire.reader import Reader

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS standing_grant (
    id        TEXT PRIMARY KEY,
    agent     TEXT NOT NULL,
    tool      TEXT NOT NULL,
    not_after REAL NOT NULL,
    remaining INTEGER NOT NULL,
    ended     TEXT NOT NULL DEFAULT '',
    told      INTEGER NOT NULL DEFAULT 0,
    body      BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS standing_grant_by_call ON standing_grant (agent, tool) WHERE ended = '';
CREATE INDEX IF NOT EXISTS standing_grant_bare ON standing_grant (id) WHERE body IS NULL;
CREATE INDEX IF NOT EXISTS standing_grant_untold ON standing_grant (id) WHERE told = 0;
CREATE TABLE IF NOT EXISTS restored (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL) STRICT
"""

MOST: Final = 1000
"""Grants of one agent that hold at once; each call that goes outside looks at those for its tool."""

MOST_OF_ALL: Final = 5 * MOST
"""... and of all agents together: whoever signs grants makes up names of agents."""

ENDED: Final = 10_000
"""Ids that were ended before their grant came, or refused, that are remembered; the oldest go."""

_FORGET: Final = """
DELETE FROM standing_grant WHERE body IS NULL AND rowid <= (
    SELECT rowid FROM standing_grant WHERE body IS NULL ORDER BY rowid DESC LIMIT 1 OFFSET ?
)
"""
_REFUSE: Final = "INSERT OR IGNORE INTO standing_grant VALUES (?, '', '', 0, 0, ?, 0, NULL)"
_LIVE: Final = "ended = '' AND remaining > 0 AND not_after > ?"


@dataclass(frozen=True, slots=True)
class Held:
    """One outward grant as it stands here.

    Attributes:
        remaining: calls that it still covers.
        ended: why it holds no more before its time ("withdrawn"); empty while it may.
    """

    grant: StandingGrant
    remaining: int
    ended: str


class StandingStore:
    """Outward grants, in the file of the approval cache."""

    def __init__(self, database: Database, news: asyncio.Event | None = None) -> None:
        self._database = database
        self._news = news or asyncio.Event()

    async def keep(self, grant: StandingGrant, now: float) -> bool:
        """Keep a grant; False where it has been kept, or withdrawn, before: nothing changes then.

        Raises:
            LimitError: its agent has too many, or all have.
        """
        kept = await self._database.write(partial(_keep, grant, now))
        self._news.set()
        return kept

    async def refuse(self, grant: StandingGrant, why: str) -> None:
        """Note, for the hub, that a grant counts for nothing here, now or later; one that was kept stays."""
        await self._database.write(partial(_refuse, grant.id, why))
        self._news.set()

    async def known(self, grant: str) -> bool:
        """Tell whether a grant of this id has been kept, or withdrawn, before."""
        query = "SELECT 1 FROM standing_grant WHERE id = ?"
        return await self._database.read(lambda db: db.execute(query, (grant,)).fetchone() is not None)

    async def lapsed(self, grant: StandingGrant) -> bool:
        """Tell whether a grant may be from before this edge was restored from a backup, which knows none of its uses.

        Its time is its approver's, whose clock may be ahead by `BACK_SECONDS`.
        """
        query = "SELECT 1 FROM restored WHERE at + ? >= ?"
        values = (BACK_SECONDS, grant.decided)
        return await self._database.read(lambda db: db.execute(query, values).fetchone() is not None)

    async def recall(self, agent: AgentId, tool: str, now: float) -> tuple[StandingGrant, ...]:
        """Return what an agent may use with a tool, and has uses left."""
        where = f"agent = ? AND tool = ? AND {_LIVE}"
        return tuple(held.grant for held in await self._database.read(lambda db: _every(db, where, (agent, tool, now))))

    async def use(self, ids: tuple[str, ...], now: float) -> None:
        """Take one use of each of these grants, or of none.

        Raises:
            ReplayedGrantError: one has none left, or holds no more.
        """
        await self._database.write(partial(_use, ids, now))
        self._news.set()

    async def end(self, grant: str, why: str) -> StandingGrant | None:
        """End a grant for good, also one that has not come yet; return it where it held until now."""
        ended = await self._database.write(partial(_end, grant, why))
        self._news.set()
        return ended

    async def untold(self) -> tuple[StandingReport, ...]:
        """Return how the grants stand that the hub has not heard of as they are, some at a time."""
        query = "SELECT id, remaining, ended FROM standing_grant WHERE told = 0 LIMIT ?"
        found = await self._database.read(lambda db: db.execute(query, (REPORTS,)).fetchall())
        return tuple(StandingReport(*row) for row in found)

    async def told(self, reports: Iterable[StandingReport]) -> None:
        """Note that the hub has heard this of them; what has changed since will be told again."""
        rows = [(report.id, report.remaining, report.ended) for report in reports]
        mark = "UPDATE standing_grant SET told = 1 WHERE id = ? AND remaining = ? AND ended = ?"
        await self._database.write(lambda db: db.executemany(mark, rows))

    async def live(self, now: float) -> tuple[StandingGrant, ...]:
        """Return the grants that hold at `now`."""
        return tuple(held.grant for held in await self._database.read(lambda db: _every(db, _LIVE, (now,))))

    async def held(self) -> tuple[Held, ...]:
        """Return every grant that was ever kept here, with what is left of it."""
        return await self._database.read(lambda db: _every(db, "body IS NOT NULL", ()))


def _keep(grant: StandingGrant, now: float, db: sqlite3.Connection) -> bool:
    if db.execute("SELECT 1 FROM standing_grant WHERE id = ?", (grant.id,)).fetchone():
        return False
    count = f"SELECT count(*) FROM standing_grant WHERE agent = ? AND {_LIVE}"  # noqa: S608 - of our own parts
    if db.execute(count, (grant.agent, now)).fetchone()[0] >= MOST:
        fix = "withdraw some: safety approvals outward"
        raise LimitError(f"agent {grant.agent}", f"has {MOST} outward grants", fix)
    everybodys = f"SELECT count(*) FROM standing_grant WHERE {_LIVE}"  # noqa: S608 - of our own parts
    if db.execute(everybodys, (now,)).fetchone()[0] >= MOST_OF_ALL:
        raise LimitError("outward grants", f"are {MOST_OF_ALL} already", "withdraw some: safety approvals outward")
    body = canonical_bytes(standing_to_json(grant))
    row = (grant.id, grant.agent, grant.tool, grant.not_after, grant.uses, body)
    db.execute(
        "INSERT INTO standing_grant (id, agent, tool, not_after, remaining, body) VALUES (?, ?, ?, ?, ?, ?)", row
    )
    return True


def _use(ids: tuple[str, ...], now: float, db: sqlite3.Connection) -> None:
    take = f"UPDATE standing_grant SET remaining = remaining - 1, told = 0 WHERE id = ? AND {_LIVE} RETURNING id"  # noqa: S608
    for grant in ids:
        if db.execute(take, (grant, now)).fetchone() is None:
            raise ReplayedGrantError(f"outward grant {grant}", "has no use left, or holds no more", "ask again")


def _refuse(grant: str, why: str, db: sqlite3.Connection) -> None:
    db.execute(_REFUSE, (grant, why))
    db.execute(_FORGET, (ENDED,))


def _end(grant: str, why: str, db: sqlite3.Connection) -> StandingGrant | None:
    found = _every(db, "id = ? AND ended = '' AND body IS NOT NULL", (grant,))
    db.execute(
        "INSERT INTO standing_grant VALUES (?, '', '', 0, 0, ?, 0, NULL) "
        "ON CONFLICT DO UPDATE SET ended = excluded.ended, told = 0 WHERE ended = ''",
        (grant, why),
    )
    db.execute(_FORGET, (ENDED,))
    return found[0].grant if found else None


def _every(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> tuple[Held, ...]:
    query = f"SELECT body, remaining, ended FROM standing_grant WHERE {where} ORDER BY not_after, id"  # noqa: S608
    return tuple(
        Held(standing_from_json(Reader.parse(body, "stored outward grant")), remaining, ended)
        for body, remaining, ended in db.execute(query, values).fetchall()
    )
