"""The approval cache: every question this edge has put, its answer and its single use, durable from the first moment.

What may follow what is `safety_core.approve.TRANSITIONS`, checked inside the transaction that makes the step, so that
of several processes (or of a crash and its restart) exactly one takes it. What is left to the caller: that a grant is
genuine (`safety_core.approve.verify_answer` before `settle`, `verify_grant` before `use`).

Every session that went away with "pending" is owed the decision (`owe`), until it says that it has it (`told`).
`decided` tells, at least once, over any restart. Nobody is owed what they have waited for. What became of a question is
written down for the hub in the same transaction (`reports`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from safety_core.canonical import Digest
from safety_core.edge import approval_rows as rows
from safety_core.edge import asker_rows as askers
from safety_core.edge import clock, plans, report_rows, standing
from safety_core.edge.asker_rows import Owed
from safety_core.edge.database import Database
from safety_core.model.approval import (
    USE_SECONDS,
    Approval,
    ApprovalRequest,
    ApprovalState,
    Asker,
    Grant,
    KeyId,
    Report,
    RequestId,
)
from safety_core.model.tool_call import AgentId

AT_ONCE: Final = 100
"""Decisions that one answer tells; the next poll has the rest."""

SCHEMA: Final = ";".join((rows.SCHEMA, askers.SCHEMA, report_rows.SCHEMA, standing.SCHEMA, plans.SCHEMA))
"""... of everything that goes on between agents and approvers, in one file and over one connection."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many questions wait for a person, and how many of them the hub has not heard of."""

    pending: int
    unsent: int


class ApprovalStore:
    """The approval cache in one SQLite file. Several processes may open the same file; `wait` sees its own process."""

    def __init__(self, database: Database) -> None:
        self.database: Final = database
        self.news: Final = asyncio.Event()
        """Set whenever the hub is to hear of something; whoever tells it clears it."""
        self._waiting: dict[RequestId, list[asyncio.Event]] = {}
        self._held: Counter[Asker] = Counter()
        self._watching: set[asyncio.Event] = set()

    @classmethod
    def open(cls, path: Path) -> ApprovalStore:
        """Open or make the file."""
        return cls(Database(path, SCHEMA, rows.GROWN))

    async def aclose(self) -> None:
        """Close the file."""
        await self.database.aclose()

    async def find(self, digest: Digest) -> Approval | None:
        """Return the newest approval for this action digest, in whatever state."""
        where = " WHERE digest = ? ORDER BY ordinal DESC LIMIT 1"
        return await self.database.read(lambda db: rows.one(db, where, digest))

    async def get(self, request: RequestId) -> Approval | None:
        """Return the approval with this id."""
        return await self.database.read(lambda db: rows.by_id(db, request))

    async def open_request(self, request: ApprovalRequest) -> Approval:
        """Keep `request` and queue it for the hub. An alike pending one, or itself kept before, is returned instead."""
        approval = await self.database.write(partial(rows.put, request))
        self.news.set()
        return approval

    async def settle(self, grant: Grant, received: float, shared: Collection[KeyId] = ()) -> Approval:
        """Keep an answer to a pending request, which stays pending while more people have to say yes. The same answer
        again changes nothing.

        Args:
            shared: the keys by which several people answer (`safety_core.approve.shared_keys`).

        Raises:
            MismatchedGrantError: there is no such request here.
            ExpiredGrantError, ReplayedGrantError: the request was closed, or answered otherwise, before; or the same
                person has said yes already.
        """
        approval = await self.database.write(partial(rows.settle, grant, received, shared))
        if approval.state is not ApprovalState.PENDING:
            self._wake(grant.request)
        return approval

    async def use(self, grant: Grant) -> None:
        """Consume the grant: of all who try, in whatever process, exactly one succeeds.

        Raises:
            ReplayedGrantError: for everybody else.
        """
        await self.database.write(partial(rows.use, grant))
        self.news.set()

    async def close(
        self, request: RequestId, state: ApprovalState = ApprovalState.EXPIRED, *, told: bool = False, by: str = ""
    ) -> None:
        """Move a request to `state` without an answer; where it stands there already, nothing changes.

        Args:
            told: who asked knows (another question takes its place), so nobody is owed it.
            by: who ended it; empty where its time did.

        Raises:
            InputError: there is no such request, or no such step in the table.
        """

        def job(db: sqlite3.Connection) -> None:
            rows.close(request, state, by, db)
            if told:
                askers.forgive(request, db)

        await self.database.write(job)
        self._wake(request)

    async def replace(self, old: RequestId, request: ApprovalRequest, by: str) -> Approval:
        """End a pending request, put another in its place and owe that one's answer instead, in one step.

        Returns:
            The one that waits then: an alike one that waited before, or `request`.

        Raises:
            InputError: the old one does not wait any more.
            LimitError: its agent has too many open.
        """

        def job(db: sqlite3.Connection) -> Approval:
            instead = rows.change(old, request, by, db)
            askers.hand_over(old, instead.request.id, db)
            return instead

        instead = await self.database.write(job)
        self._wake(old)
        return instead

    async def follow(self, request: RequestId) -> Approval:
        """Return the request that stands for this one since an approver changed its call. Raises InputError."""
        return await self.database.read(lambda db: rows.followed(request, db))

    async def owe(self, asker: Asker) -> None:
        """Note that this session went away without an answer, and is to be told.

        Where an approver has changed the call meanwhile, it is owed the answer to the changed one.
        """

        def job(db: sqlite3.Connection) -> None:
            askers.owe(replace(asker, request=rows.followed(asker.request, db).request.id), db)

        await self.database.write(job)
        self._stir()

    @contextmanager
    def held(self, asker: Asker) -> Iterator[None]:
        """Keep a decision out of `decided` for this session until the block ends: it waits for it and will have it."""
        self._held[asker] += 1
        try:
            yield
        finally:
            self._held[asker] -= 1
            if not self._held[asker]:
                del self._held[asker]
            self._stir()

    async def told(self, agents: Collection[AgentId], those: Collection[Asker]) -> None:
        """Note that these sessions have been told, of questions of these agents. What is no such thing stays."""
        await self.database.write(partial(askers.told, agents, those))

    async def decided(self, agents: Collection[AgentId], seconds: float) -> tuple[Owed, ...]:
        """Return the decisions that are owed to sessions of these agents, oldest first, `AT_ONCE` at most.

        While there is none, wait for one, up to `seconds`. A decision that another process took up shows at the next
        call. A permission that was used is owed to nobody.
        """
        changed = asyncio.Event()
        self._watching.add(changed)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while not await self._owed(agents):
                        await changed.wait()
                        changed.clear()
            return await self._owed(agents)
        finally:
            self._watching.discard(changed)

    async def _owed(self, agents: Collection[AgentId]) -> tuple[Owed, ...]:
        def job(db: sqlite3.Connection) -> tuple[Owed, ...]:
            free = [told for told in askers.owed(agents, db) if told not in held]
            return tuple(Owed(rows.must(db, told.request), told.session) for told in free[:AT_ONCE])

        held = frozenset(self._held)
        return await self.database.read(job)

    async def pending(self) -> tuple[Approval, ...]:
        """Return what waits for an answer, oldest first."""
        return await self.database.read(lambda db: rows.every(db, " WHERE state = 'pending' ORDER BY ordinal"))

    async def history(self) -> tuple[Approval, ...]:
        """Return every approval that was ever asked for here, in whatever state, oldest first."""
        return await self.database.read(lambda db: rows.every(db, " ORDER BY ordinal"))

    async def waiting(self) -> Waiting:
        """Return how many wait, without a look at what they are about: together they may be large."""
        row = await self.database.read(lambda db: db.execute(rows.COUNTS).fetchone())
        return Waiting(*row)

    async def overdue(self, now: float) -> tuple[RequestId, ...]:
        """Return what ran out of time: questions that nobody answered, permissions that nobody used."""
        found = await self.database.read(lambda db: db.execute(rows.OVERDUE, (now, now - USE_SECONDS)).fetchall())
        return tuple(RequestId(request) for (request,) in found)

    async def outbox(self) -> tuple[RequestId, ...]:
        """Return the pending requests that the hub has not confirmed, oldest first. `get` has one at a time."""
        found = await self.database.read(lambda db: db.execute(rows.UNSENT).fetchall())
        return tuple(RequestId(request) for (request,) in found)

    async def unsent(self) -> tuple[ApprovalRequest, ...]:
        """Return the outbox: pending requests that the hub has not confirmed, oldest first."""
        where = " WHERE state = 'pending' AND sent = 0 ORDER BY ordinal"
        return tuple(item.request for item in await self.database.read(lambda db: rows.every(db, where)))

    async def mark_sent(self, request: RequestId) -> None:
        """Take a request out of the outbox."""
        await self.database.write(lambda db: db.execute("UPDATE approval SET sent = 1 WHERE id = ?", (request,)))

    async def refused_edit(self, request: RequestId, why: str) -> None:
        """Write down for the hub why an approver's change of a question was refused. Raises InputError."""

        def job(db: sqlite3.Connection) -> None:
            state = rows.must(db, request).state
            report_rows.add(Report(request, state, "", clock.now(), refused=why), db)

        await self.database.write(job)
        self.news.set()

    async def reports(self) -> tuple[int, tuple[Report, ...]]:
        """Return what became of questions and the hub has not heard, oldest first, and its place; 0 if nothing did."""
        return await self.database.read(report_rows.waiting)

    async def reported(self, place: int) -> None:
        """Forget the reports up to this place: the hub has them."""
        await self.database.write(partial(report_rows.sent, place))

    async def cursor(self) -> int:
        """Return how far the hub's decisions have been read, 0 at first."""
        row = await self.database.read(lambda db: db.execute("SELECT position FROM approval_cursor").fetchone())
        return int(row[0]) if row else 0

    async def move_cursor(self, position: int) -> None:
        """Remember that decisions up to `position` have been settled. It never goes back."""
        await self.database.write(lambda db: db.execute(rows.MOVE_CURSOR, (position,)))

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
        return await self.database.read(lambda db: rows.must(db, request))

    def _wake(self, request: RequestId) -> None:
        for changed in self._waiting.get(request, ()):
            changed.set()
        self.news.set()
        self._stir()

    def _stir(self) -> None:
        for changed in self._watching:
            changed.set()
