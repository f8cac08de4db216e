"""The hub's recurring work: of several processes on one database, one does each job when it is due.

A job holds a row as its lease. A process that dies keeps it until the lease ends, a minute at most; a job that takes
longer may be begun by a second process, so every job may run twice at once without harm: it claims what it works on
row by row.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hub.approvals import questions
from hub.auth.callers import forget_nonces
from hub.billing.export import export
from hub.billing.spending import look as look_at_limits
from hub.context import Context
from hub.fleet.heartbeats import forget, look_for_silent
from hub.fleet.orders import expire
from hub.notices.delivery import deliver
from hub.notices.regular import digests, prune
from hub.people.tidying import tidy
from hub.policy import mover
from hub.store import jobs
from safety_core.edge import clock
from safety_core.errors import SafetyError

LEASE_SECONDS: Final = 60.0
"""How long a job rests after the process that did it was killed."""

LOOK_SECONDS: Final = 1.0
"""Between two looks whether anything is due: what a message may be late."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Work that comes round.

    Attributes:
        every: seconds between two rounds.
        work: one round; idempotent, and done in far less than the lease: what is left waits for the next.
        lease: seconds for which it rests after the process that did it was killed.
    """

    name: str
    every: float
    work: Callable[[Context], Awaitable[None]]
    lease: float = LEASE_SECONDS


JOBS: Final[tuple[Job, ...]] = (
    Job("billing: export", 300.0, export),
    Job("billing: limits", 300.0, look_at_limits),
    Job("fleet: silent edges", 60.0, look_for_silent),
    Job("fleet: late orders", 60.0, expire),
    Job("fleet: old hours", 86400.0, forget),
    Job("notices", 1.0, deliver, lease=10.0),
    Job("notices: daily summaries", 60.0, digests),
    Job("notices: old rows", 3600.0, prune),
    Job("releases", 5.0, mover.move),
    Job("nonces", 30.0, forget_nonces),
    Job("people: what is over", 3600.0, tidy),
    Job("questions: their end", 10.0, questions.expire),
)
"""Whoever has recurring work adds a line."""


@asynccontextmanager
async def running(context: Context, plan: Sequence[Job] = JOBS) -> AsyncGenerator[None, None]:
    """Do the jobs until the block ends."""
    tasks = [asyncio.create_task(_repeated(context, job), name=job.name) for job in plan]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def once(context: Context, job: Job) -> None:
    """Do one round of a job, if it is due by the hub's clock and no other process is at it. What fails is raised."""
    holder, now = clock.new_id(), context.clock()
    async with context.database.read() as connection:
        if not await jobs.ready(connection, job.name, now):
            return
    async with context.database.write() as connection:
        if not await jobs.claim(connection, job.name, holder, now, job.lease):
            return
    try:
        await job.work(context)
    finally:
        async with context.database.write() as connection:
            await jobs.done(connection, job.name, holder, now + job.every)


async def _repeated(context: Context, job: Job) -> None:
    trouble = ""
    while True:
        try:
            await once(context, job)
            trouble = ""
        except SafetyError as error:
            trouble = _told(job, str(error), trouble)
        except Exception as error:  # noqa: BLE001 - a bug in one round must not end all rounds to come
            _log.exception("%s: internal error", job.name)
            trouble = _told(job, type(error).__name__, trouble)
        pause = max(LOOK_SECONDS, min(job.every, 60.0) / 4)
        await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - spreads several processes


def _told(job: Job, trouble: str, before: str) -> str:
    if trouble != before:
        _log.warning("%s: %s", job.name, trouble)
    return trouble
