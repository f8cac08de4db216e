"""Approve, deny, cancel and expire one question at once, by two of the hub's processes; count what came of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from hub.approvals import answering, questions
from hub.approvals.answering import Settled
from hub.approvals.approver import Approver
from hub.bus import Bus
from hub.context import Context
from hub.errors import ConflictError
from hub.store import approvals, feed
from hub.store.engine import open_database
from safety_core.model.approval import ApprovalRequest, ApprovalState
from safety_core.model.tool_call import TenantId
from safety_core.wire.feed import item_from_json
from safety_core.wire.reader import Reader

ANSWERS = frozenset({"granted", "denied"})

HEAD_START = 0.005
"""Seconds that an answer reads, about."""

Attempt = Callable[[], Awaitable[object]]

TOLD = {
    ApprovalState.GRANTED: [("Grant", True)],
    ApprovalState.DENIED: [("Grant", False)],
    ApprovalState.CANCELLED: [("Cancellation", None)],
    ApprovalState.EXPIRED: [],
}
"""What the edge is told of each outcome, and nothing else."""


@dataclass(frozen=True)
class Outcome:
    """How one race ended: the question's state, who heard that they were first, what the feed says."""

    state: ApprovalState
    first: tuple[str, ...]
    told: tuple[tuple[str, bool | None], ...]

    @property
    def is_one(self) -> bool:
        """Whether everybody was told the same one thing."""
        won = () if self.state is ApprovalState.EXPIRED else (self.state.value,)
        return [*self.told] == TOLD.get(self.state) and self.first == won


@asynccontextmanager
async def second_process(context: Context, url: str) -> AsyncIterator[Context]:
    """The same hub with a database connection of its own, as another process has it."""
    database = open_database(url)
    try:
        yield replace(context, database=database, bus=Bus())
    finally:
        await database.close()


async def race(here: Context, there: Context, request: ApprovalRequest, order: random.Random) -> Outcome:
    """Put a question, and have four things happen to it at once."""
    await questions.take(here, request)
    tenant, late = request.tenant, request.expires + 1
    ann, bob = Approver(tenant, "Ann", "console"), Approver(tenant, "Bob", "telegram:link")

    async def expire() -> None:
        async with there.database.write() as connection:
            await approvals.expire(connection, late)

    attempts: list[tuple[str, Attempt]] = [
        ("granted", lambda: answering.answer(here, ann, request.id, allow=True)),
        ("denied", lambda: answering.answer(there, bob, request.id, allow=False)),
        ("cancelled", lambda: answering.cancel(here, ann, request.id)),
        ("", expire),
    ]
    order.shuffle(attempts)
    head_start = order.uniform(0, 2 * HEAD_START)  # an answer reads before it writes: without it, it seldom comes first
    delays = [order.uniform(0, 0.004) + (0 if name in ANSWERS else head_start) for name, _ in attempts]
    results = await asyncio.gather(
        *(_tried(attempt, delay) for (_, attempt), delay in zip(attempts, delays, strict=True))
    )
    first = tuple(sorted(name for (name, _), won in zip(attempts, results, strict=True) if name and won))
    shown = await questions.find(there, tenant, request.id)
    return Outcome(shown.state, first, await _told(there, tenant, request))


async def _tried(attempt: Attempt, delay: float) -> bool:
    await asyncio.sleep(delay)
    try:
        settled = await attempt()
    except ConflictError:
        return False
    assert settled is None or isinstance(settled, Settled)
    return True


async def _told(context: Context, tenant: TenantId, request: ApprovalRequest) -> tuple[tuple[str, bool | None], ...]:
    async with context.database.read() as connection:
        rows = await feed.after(connection, tenant, 0, 100_000)
    items = [item_from_json(Reader.parse(raw, "item")) for _, raw in rows]
    mine = [item for item in items if getattr(item, "request", None) == request.id]
    return tuple((type(item).__name__, getattr(item, "allow", None)) for item in mine)


def outcomes(found: list[Outcome]) -> Counter[str]:
    """Count the races by how they ended."""
    return Counter(one.state.value for one in found)
