"""Who asked a question, and is owed its answer: every session that went away with "pending", once each.

Two sessions may make the same call. Then there is one question, and both are told what became of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from safety_core.edge import approval_rows as rows
from safety_core.model.approval import Approval, Asker, RequestId
from safety_core.model.tool_call import AgentId, SessionId

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS approval_asker (
    request TEXT NOT NULL,
    session TEXT NOT NULL,
    owed    INTEGER NOT NULL,
    PRIMARY KEY (request, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS approval_asker_owed ON approval_asker (request) WHERE owed = 1;
CREATE INDEX IF NOT EXISTS approval_owed ON approval (ordinal) WHERE owed = 1;
INSERT OR IGNORE INTO approval_asker
SELECT id, json_extract(CAST(request AS TEXT), '$.session'), 1 FROM approval WHERE owed = 1;
UPDATE approval SET owed = 0 WHERE owed = 1
"""
"""An earlier version owed only whoever asked first, and noted it with the question."""

_OWED: Final = """
SELECT approval.id, approval_asker.session FROM approval_asker JOIN approval ON approval.id = approval_asker.request
WHERE approval_asker.owed = 1 AND state IN ('granted', 'denied', 'expired', 'cancelled')
AND json_extract(CAST(approval.request AS TEXT), '$.agent') IN (SELECT value FROM json_each(?))
ORDER BY ordinal, approval_asker.session
"""
_TOLD: Final = """
UPDATE approval_asker SET owed = 0 WHERE request = ? AND session = ? AND EXISTS (
    SELECT 1 FROM approval WHERE id = approval_asker.request AND state != 'pending'
    AND json_extract(CAST(request AS TEXT), '$.agent') IN (SELECT value FROM json_each(?))
)
"""
_OWE: Final = "INSERT INTO approval_asker VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET owed = 1"


ASKERS: Final = 1000
"""Sessions that are owed the answer to one question: more than anybody opens, and a bound on what an agent fills."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A decision, and a session that is to be told."""

    approval: Approval
    session: SessionId


def owe(asker: Asker, db: sqlite3.Connection) -> None:
    """Note that a session went away without an answer. Raises InputError where there is no such question."""
    rows.must(db, asker.request)
    others = "SELECT count(*) FROM approval_asker WHERE request = ? AND session != ?"
    if db.execute(others, (asker.request, asker.session)).fetchone()[0] >= ASKERS:
        return  # it hears of the answer once it makes the call again
    db.execute(_OWE, (asker.request, asker.session))


def forgive(request: RequestId, db: sqlite3.Connection) -> None:
    """Note that nobody is owed the answer to a question: another one takes its place."""
    db.execute("UPDATE approval_asker SET owed = 0 WHERE request = ?", (request,))


def hand_over(old: RequestId, new: RequestId, db: sqlite3.Connection) -> None:
    """Owe the answer to one question to everybody who is owed that to another, in its place."""
    sessions = db.execute("SELECT session FROM approval_asker WHERE request = ? AND owed = 1", (old,)).fetchall()
    db.executemany(_OWE, [(new, session) for (session,) in sessions])
    forgive(old, db)


def told(agents: Collection[AgentId], those: Collection[Asker], db: sqlite3.Connection) -> None:
    """Note that these sessions have been told, of questions of these agents. What is no such thing stays."""
    named = json.dumps([*agents])
    db.executemany(_TOLD, [(each.request, each.session, named) for each in those])


def owed(agents: Collection[AgentId], db: sqlite3.Connection) -> tuple[Asker, ...]:
    """Return who is owed a decision of these agents, oldest first."""
    found = db.execute(_OWED, (json.dumps([*agents]),)).fetchall()
    return tuple(Asker(RequestId(request), SessionId(session)) for request, session in found)
