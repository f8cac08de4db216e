"""The rows of the approval cache, one step of `safety_core.edge.approvals` each, inside of the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from safety_core.approve import TRANSITIONS, people
from safety_core.canonical import canonical_bytes
from safety_core.edge import clock, report_rows
from safety_core.edge.database import Column
from safety_core.errors import ExpiredGrantError, InputError, LimitError, MismatchedGrantError, ReplayedGrantError
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, KeyId, Report, RequestId
from safety_core.wire.approvals import (
    QUESTION_BYTES,
    grant_from_json,
    grant_to_json,
    request_from_json,
    request_to_json,
)
from safety_core.wire.reader import Reader, check_retold, parse_json

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS approval (
    ordinal  INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    digest   TEXT NOT NULL,
    state    TEXT NOT NULL,
    request  BLOB NOT NULL,
    answer   BLOB,
    received REAL NOT NULL DEFAULT 0,
    sent     INTEGER NOT NULL DEFAULT 0,
    owed     INTEGER NOT NULL DEFAULT 0,
    others   BLOB,
    replaced TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS approval_by_digest ON approval (digest, ordinal);
CREATE UNIQUE INDEX IF NOT EXISTS one_pending_per_digest ON approval (digest) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS approval_granted ON approval (ordinal) WHERE state = 'granted';
CREATE TABLE IF NOT EXISTS approval_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL) STRICT
"""
GROWN: Final = (
    Column("approval", "owed", "INTEGER NOT NULL DEFAULT 0"),
    Column("approval", "others", "BLOB"),
    Column("approval", "replaced", "TEXT"),
)
"""What the file of an earlier version lacks: of its questions nobody is owed anything, one answer settled each, and no
call was changed. (`owed` is such a version's own; now `asker_rows` has it.)"""

MOVE_CURSOR: Final = """
INSERT INTO approval_cursor VALUES (1, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)
"""
OPEN: Final = 200
OPEN_BYTES: Final = 64 * 1024 * 1024
"""Questions of one agent that may wait for a person at once, and their bytes: more than anybody reads, and a bound on
what an agent that only asks can make us keep and show."""

CHANGES: Final = 20
"""How often one call may be changed: whoever asks for the first form is led through all of them."""

WAITING: Final = """
SELECT count(*), coalesce(sum(length(request)), 0) FROM approval
WHERE state = 'pending' AND json_extract(CAST(request AS TEXT), '$.agent') = ?
"""
COUNTS: Final = """
SELECT count(*), coalesce(sum(sent = 0), 0) FROM approval WHERE state = 'pending'
"""
OVERDUE: Final = """
SELECT id FROM approval WHERE state = 'pending' AND json_extract(CAST(request AS TEXT), '$.expires') < ?
UNION ALL SELECT id FROM approval WHERE state = 'granted' AND received < ?
"""
UNSENT: Final = "SELECT id FROM approval WHERE state = 'pending' AND sent = 0 ORDER BY ordinal"
COLUMNS: Final = "SELECT state, request, answer, received, others, replaced FROM approval"


def put(request: ApprovalRequest, db: sqlite3.Connection) -> Approval:
    """Keep a new question, unless it is kept already or an alike one waits; return what is kept then.

    Raises:
        InputError: nobody could be told it.
        LimitError: its agent has too many open.
    """
    there = one(db, " WHERE id = ? OR (digest = ? AND state = 'pending')", request.id, request.action_digest)
    if there is None:
        body = canonical_bytes(request_to_json(request))
        if len(body) > QUESTION_BYTES:
            raise LimitError(
                "call", f"is larger than {QUESTION_BYTES} bytes, and nobody could read it", "do it in parts"
            )
        check_retold(body, "call")
        request_from_json(Reader.parse(body, "call"))  # a row that nobody can read would end all looks at the others
        count, size = db.execute(WAITING, (request.agent,)).fetchone()
        if count >= OPEN or size + len(body) > OPEN_BYTES:
            reason = f"has {count} questions open, and nobody could read more"
            raise LimitError(f"agent {request.agent}", reason, "wait until some have been answered")
        row = (request.id, request.action_digest, ApprovalState.PENDING.value, body)
        db.execute("INSERT INTO approval (id, digest, state, request) VALUES (?, ?, ?, ?)", row)
    return there or Approval(request, ApprovalState.PENDING)


def settle(grant: Grant, received: float, shared: Collection[KeyId], db: sqlite3.Connection) -> Approval:
    """Keep an answer to a question, and return both: a "no" settles it, and the last "yes" that was missing.

    Raises:
        GrantError: the table has no such step, or the same person has said yes before.
    """
    approval = by_id(db, grant.request)
    if approval is None:
        raise MismatchedGrantError(f"grant for {grant.request}", "no such request is known here")
    if grant == approval.grant or grant in approval.others:
        return approval
    state = ApprovalState.GRANTED if grant.allow else ApprovalState.DENIED
    if state not in TRANSITIONS[approval.state]:
        error = ExpiredGrantError if approval.state is ApprovalState.EXPIRED else ReplayedGrantError
        raise error(f"grant for {grant.request}", f"the request is {approval.state} already")
    said = (*approval.others, grant)
    if grant.allow and people(said, shared) < len(said):
        raise ReplayedGrantError(f"grant for {grant.request}", "its approver has said yes already")
    if grant.allow and len(said) < approval.request.quorum:
        others = canonical_bytes([grant_to_json(given) for given in said])
        db.execute("UPDATE approval SET others = ? WHERE id = ?", (others, grant.request))
        return replace(approval, others=said)
    answer = canonical_bytes(grant_to_json(grant))
    step = "UPDATE approval SET state = ?, answer = ?, received = ? WHERE id = ?"
    db.execute(step, (state.value, answer, received, grant.request))
    report_rows.add(Report(grant.request, state, grant.approver, received), db)
    return replace(approval, state=state, grant=grant, received=received)


def use(grant: Grant, db: sqlite3.Connection) -> None:
    """Consume a grant. Raises ReplayedGrantError where there is none to consume."""
    approval = by_id(db, grant.request)
    if approval is None or approval.grant != grant or ApprovalState.USED not in TRANSITIONS[approval.state]:
        raise ReplayedGrantError(f"grant for {grant.request}", "it holds no unused permission", "ask again")
    db.execute("UPDATE approval SET state = ? WHERE id = ?", (ApprovalState.USED.value, grant.request))
    report_rows.add(Report(grant.request, ApprovalState.USED, grant.approver, clock.now()), db)


def close(request: RequestId, state: ApprovalState, by: str, db: sqlite3.Connection) -> None:
    """Move a question to an end without an answer. Raises InputError where the table has no such step."""
    now = must(db, request).state
    if now is state:
        return
    _end(request, now, state, db)
    report_rows.add(Report(request, state, by, clock.now()), db)


def change(old: RequestId, request: ApprovalRequest, by: str, db: sqlite3.Connection) -> Approval:
    """Put a question in the place of one that waits, and return what waits then: an alike one may have waited before.

    Raises:
        InputError: the old one does not wait.
        LimitError: as in `put`, or the call was changed too often.
    """
    _demand_few_changes(old, db)
    _end(old, must(db, old).state, ApprovalState.CANCELLED, db)
    instead = put(request, db)
    new = instead.request.id
    db.execute("UPDATE approval SET replaced = ? WHERE id = ?", (new, old))
    report_rows.add(Report(old, ApprovalState.CANCELLED, by, clock.now(), new), db)
    return instead


def _demand_few_changes(request: RequestId, db: sqlite3.Connection) -> None:
    before = must(db, request).request.edited_from
    for _ in range(CHANGES - 1):
        if before is None:
            return
        before = must(db, before).request.edited_from
    if before is not None:
        reason = f"was changed {CHANGES} times already"
        raise LimitError(f"approval {request}", reason, "deny it, and tell the agent what to do")


def followed(request: RequestId, db: sqlite3.Connection) -> Approval:
    """Return the question that stands for this one since its call was changed; itself where it was not."""
    approval = must(db, request)
    while approval.replaced is not None:
        approval = must(db, approval.replaced)
    return approval


def _end(request: RequestId, now: ApprovalState, state: ApprovalState, db: sqlite3.Connection) -> None:
    if state not in TRANSITIONS[now] or state not in {ApprovalState.EXPIRED, ApprovalState.CANCELLED}:
        raise InputError(f"approval {request}", f"cannot go from {now} to {state}")
    db.execute("UPDATE approval SET state = ? WHERE id = ?", (state.value, request))


def by_id(db: sqlite3.Connection, request: RequestId) -> Approval | None:
    """Return the approval with this id."""
    return one(db, " WHERE id = ?", request)


def must(db: sqlite3.Connection, request: RequestId) -> Approval:
    """Return the approval with this id. Raises InputError if there is none."""
    approval = by_id(db, request)
    if approval is None:
        raise InputError(f"approval {request}", "is not known here")
    return approval


def one(db: sqlite3.Connection, where: str, *values: str) -> Approval | None:
    """Return the first approval of which `where` is true."""
    return next(iter(every(db, where, *values)), None)


def every(db: sqlite3.Connection, where: str, *values: str) -> tuple[Approval, ...]:
    """Return every approval of which `where` is true."""
    rows = db.execute(COLUMNS + where, values).fetchall()
    return tuple(
        Approval(
            request_from_json(Reader.parse(request, "stored request")),
            ApprovalState(state),
            grant_from_json(Reader.parse(answer, "stored grant")) if answer else None,
            received,
            _grants(others) if others else (),
            RequestId(replaced) if replaced else None,
        )
        for state, request, answer, received, others, replaced in rows
    )


def _grants(raw: bytes) -> tuple[Grant, ...]:
    said = Reader({"said": parse_json(raw, "stored grants")}, "stored grants")
    return tuple(grant_from_json(grant) for grant in said.objects("said"))
