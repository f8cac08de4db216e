"""The approval cache: every question this edge has put, its answer and its single use, durable from the first moment.

What may follow what is `safety_core.approve.TRANSITIONS`, checked inside the transaction that makes the step, so that
of several processes (or of a crash and its restart) exactly one takes it. What is left to the caller: that a grant is
genuine (`safety_core.approve.verify_signature` before `settle`, `verify_grant` before `use`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from safety_core.approve import TRANSITIONS
from safety_core.canonical import Digest, canonical_bytes
from safety_core.edge.database import Database
from safety_core.errors import ExpiredGrantError, InputError, MismatchedGrantError, ReplayedGrantError
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.wire.approvals import grant_from_json, grant_to_json, request_from_json, request_to_json
from safety_core.wire.reader import Reader

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS approval (
    ordinal  INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    digest   TEXT NOT NULL,
    state    TEXT NOT NULL,
    request  BLOB NOT NULL,
    answer   BLOB,
    received REAL NOT NULL DEFAULT 0,
    sent     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS approval_by_digest ON approval (digest, ordinal);
CREATE UNIQUE INDEX IF NOT EXISTS one_pending_per_digest ON approval (digest) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS approval_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL) STRICT
"""
MOVE_CURSOR: Final = """
INSERT INTO approval_cursor VALUES (1, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)
"""
COLUMNS: Final = "SELECT state, request, answer, received FROM approval"


class ApprovalStore:
    """The approval cache in one SQLite file. Several processes may open the same file; `wait` sees its own process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[RequestId, list[asyncio.Event]] = {}

    @classmethod
    def open(cls, path: Path) -> ApprovalStore:
        """Open or make the file."""
        return cls(Database(path, SCHEMA))

    async def aclose(self) -> None:
        """Close the file."""
        await self._database.aclose()

    async def find(self, digest: Digest) -> Approval | None:
        """Return the newest approval for this action digest, in whatever state."""
        where = " WHERE digest = ? ORDER BY ordinal DESC LIMIT 1"
        return await self._database.read(lambda db: _one(db, where, digest))

    async def get(self, request: RequestId) -> Approval | None:
        """Return the approval with this id."""
        return await self._database.read(lambda db: _by_id(db, request))

    async def open_request(self, request: ApprovalRequest) -> Approval:
        """Keep `request` and queue it for the hub. An alike pending one, or itself kept before, is returned instead."""
        return await self._database.write(partial(_open, request))

    async def settle(self, grant: Grant, received: float) -> Approval:
        """Keep the answer to a pending request. The same answer again changes nothing.

        Raises:
            MismatchedGrantError: there is no such request here.
            ExpiredGrantError, ReplayedGrantError: the request was closed, or answered otherwise, before.
        """
        approval = await self._database.write(partial(_settle, grant, received))
        self._wake(grant.request)
        return approval

    async def use(self, grant: Grant) -> None:
        """Consume the grant: of all who try, in whatever process, exactly one succeeds.

        Raises:
            ReplayedGrantError: for everybody else.
        """
        await self._database.write(partial(_use, grant))

    async def close(self, request: RequestId, state: ApprovalState = ApprovalState.EXPIRED) -> None:
        """Move a request to `state` without an answer; where it stands there already, nothing changes.

        Raises:
            InputError: there is no such request, or no such step in the table.
        """
        await self._database.write(partial(_close, request, state))
        self._wake(request)

    async def pending(self) -> tuple[Approval, ...]:
        """Return what waits for an answer, oldest first."""
        return await self._database.read(lambda db: _all(db, " WHERE state = 'pending' ORDER BY ordinal"))

    async def history(self) -> tuple[Approval, ...]:
        """Return every approval that was ever asked for here, in whatever state, oldest first."""
        return await self._database.read(lambda db: _all(db, " ORDER BY ordinal"))

    async def unsent(self) -> tuple[ApprovalRequest, ...]:
        """Return the outbox: pending requests that the hub has not confirmed, oldest first."""
        where = " WHERE state = 'pending' AND sent = 0 ORDER BY ordinal"
        return tuple(item.request for item in await self._database.read(lambda db: _all(db, where)))

    async def mark_sent(self, request: RequestId) -> None:
        """Take a request out of the outbox."""
        await self._database.write(lambda db: db.execute("UPDATE approval SET sent = 1 WHERE id = ?", (request,)))

    async def cursor(self) -> int:
        """Return how far the hub's decisions have been read, 0 at first."""
        row = await self._database.read(lambda db: db.execute("SELECT position FROM approval_cursor").fetchone())
        return int(row[0]) if row else 0

    async def move_cursor(self, position: int) -> None:
        """Remember that decisions up to `position` have been settled. It never goes back."""
        await self._database.write(lambda db: db.execute(MOVE_CURSOR, (position,)))

    async def wait(self, request: RequestId, seconds: float) -> Approval:
        """Return the approval as soon as it is no longer pending, or as it stands after `seconds`.

        Raises:
            InputError: there is no such request.
        """
        changed = asyncio.Event()
        self._waiting.setdefault(request, []).append(changed)
        try:
            approval = await self._known(request)
            if approval.state is not ApprovalState.PENDING:
                return approval
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await changed.wait()
            return await self._known(request)
        finally:
            self._waiting[request].remove(changed)
            if not self._waiting[request]:
                del self._waiting[request]

    async def _known(self, request: RequestId) -> Approval:
        return await self._database.read(lambda db: _must(db, request))

    def _wake(self, request: RequestId) -> None:
        for changed in self._waiting.get(request, ()):
            changed.set()


def _open(request: ApprovalRequest, db: sqlite3.Connection) -> Approval:
    there = _one(db, " WHERE id = ? OR (digest = ? AND state = 'pending')", request.id, request.action_digest)
    if there is None:
        body = canonical_bytes(request_to_json(request))
        row = (request.id, request.action_digest, ApprovalState.PENDING.value, body)
        db.execute("INSERT INTO approval (id, digest, state, request) VALUES (?, ?, ?, ?)", row)
    return there or Approval(request, ApprovalState.PENDING)


def _settle(grant: Grant, received: float, db: sqlite3.Connection) -> Approval:
    approval = _by_id(db, grant.request)
    if approval is None:
        raise MismatchedGrantError(f"grant for {grant.request}", "no such request is known here")
    if approval.grant == grant:
        return approval
    state = ApprovalState.GRANTED if grant.allow else ApprovalState.DENIED
    if state not in TRANSITIONS[approval.state]:
        error = ExpiredGrantError if approval.state is ApprovalState.EXPIRED else ReplayedGrantError
        raise error(f"grant for {grant.request}", f"the request is {approval.state} already")
    answer = canonical_bytes(grant_to_json(grant))
    step = "UPDATE approval SET state = ?, answer = ?, received = ? WHERE id = ?"
    db.execute(step, (state.value, answer, received, grant.request))
    return Approval(approval.request, state, grant, received)


def _use(grant: Grant, db: sqlite3.Connection) -> None:
    approval = _by_id(db, grant.request)
    if approval is None or approval.grant != grant or ApprovalState.USED not in TRANSITIONS[approval.state]:
        raise ReplayedGrantError(f"grant for {grant.request}", "it holds no unused permission", "ask again")
    db.execute("UPDATE approval SET state = ? WHERE id = ?", (ApprovalState.USED.value, grant.request))


def _close(request: RequestId, state: ApprovalState, db: sqlite3.Connection) -> None:
    now = _must(db, request).state
    if now is state:
        return
    if state not in TRANSITIONS[now] or state not in {ApprovalState.EXPIRED, ApprovalState.CANCELLED}:
        raise InputError(f"approval {request}", f"cannot go from {now} to {state}")
    db.execute("UPDATE approval SET state = ? WHERE id = ?", (state.value, request))


def _by_id(db: sqlite3.Connection, request: RequestId) -> Approval | None:
    return _one(db, " WHERE id = ?", request)


def _must(db: sqlite3.Connection, request: RequestId) -> Approval:
    approval = _by_id(db, request)
    if approval is None:
        raise InputError(f"approval {request}", "is not known here")
    return approval


def _one(db: sqlite3.Connection, where: str, *values: str) -> Approval | None:
    return next(iter(_all(db, where, *values)), None)


def _all(db: sqlite3.Connection, where: str, *values: str) -> tuple[Approval, ...]:
    rows = db.execute(COLUMNS + where, values).fetchall()
    return tuple(
        Approval(
            request_from_json(Reader.parse(request, "stored request")),
            ApprovalState(state),
            grant_from_json(Reader.parse(answer, "stored grant")) if answer else None,
            received,
        )
        for state, request, answer, received in rows
    )
