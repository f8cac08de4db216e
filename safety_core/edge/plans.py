"""Approved plans: each call that is left of one, durable, in the file of the approval cache.

To take up a plan consumes its grant and writes down its calls in one transaction; to use one of them is another. So
whenever a kill comes, a call has its use or has lost it, and nothing has it twice. That an answer is genuine, and still
covers the call, is left to the caller (`safety_core.approve.verify_plan`, at each use).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from functools import partial
from typing import Final

from safety_core.canonical import Digest
from safety_core.edge import approval_rows as rows
from safety_core.edge import clock
from safety_core.edge.database import Database
from safety_core.errors import ReplayedGrantError
from safety_core.flow.effects import AdoptPlan
from safety_core.model.approval import Approval, RequestId
from safety_core.model.tool_call import AgentId, SessionId

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS plan_call (
    request   TEXT NOT NULL,
    digest    TEXT NOT NULL,
    agent     TEXT NOT NULL,
    session   TEXT NOT NULL,
    not_after REAL NOT NULL,
    remaining INTEGER NOT NULL,
    PRIMARY KEY (request, digest)
) STRICT;
CREATE INDEX IF NOT EXISTS plan_call_by_call ON plan_call (agent, session, digest)
"""

_FIND: Final = """
SELECT request FROM plan_call WHERE agent = ? AND session = ? AND digest = ? AND remaining > 0 AND not_after >= ?
ORDER BY not_after DESC, request LIMIT 1
"""
_USE: Final = """
UPDATE plan_call SET remaining = remaining - 1
WHERE request = ? AND digest = ? AND remaining > 0 AND not_after >= ? RETURNING remaining
"""


class PlanStore:
    """What is left of approved plans."""

    def __init__(self, database: Database, news: asyncio.Event | None = None) -> None:
        self._database = database
        self._news = news or asyncio.Event()

    async def adopt(self, effect: AdoptPlan) -> None:
        """Consume the grant, and keep a use for each call.

        Raises:
            ReplayedGrantError: it has been used.
        """
        await self._database.write(partial(_adopt, effect, clock.now()))
        self._news.set()

    async def find(self, agent: AgentId, session: SessionId, digest: Digest, now: float) -> Approval | None:
        """Return the plan that has a use left for this call, None where none has."""

        def job(db: sqlite3.Connection) -> Approval | None:
            row = db.execute(_FIND, (agent, session, digest, now)).fetchone()
            return rows.by_id(db, RequestId(row[0])) if row else None

        return await self._database.read(job)

    async def use(self, request: RequestId, digest: Digest, now: float) -> None:
        """Take one use. Raises ReplayedGrantError where none is left."""

        def job(db: sqlite3.Connection) -> None:
            if db.execute(_USE, (request, digest, now)).fetchone() is None:
                raise ReplayedGrantError(f"plan {request}", "has no use left for this call", "ask again")

        await self._database.write(job)

    async def end(self, agent: AgentId, session: SessionId) -> None:
        """Forget what is left of a session's plans: it will make no more calls."""
        drop = "DELETE FROM plan_call WHERE agent = ? AND session = ?"
        await self._database.write(lambda db: db.execute(drop, (agent, session)))


def _adopt(effect: AdoptPlan, now: float, db: sqlite3.Connection) -> None:
    rows.use(effect.grant, db)
    db.execute("DELETE FROM plan_call WHERE not_after < ?", (now,))
    put = "INSERT INTO plan_call VALUES (?, ?, ?, ?, ?, ?)"
    for digest, times in Counter(effect.digests).items():
        db.execute(put, (effect.grant.request, digest, effect.agent, effect.session, effect.not_after, times))
