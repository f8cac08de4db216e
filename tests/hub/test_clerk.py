"""Recurring work is done when it is due, by one process of several, and goes on after a process died in it."""

from __future__ import annotations

import asyncio

import pytest

from hub import clerk
from hub.app import opened
from hub.clerk import LEASE_SECONDS, Job, once
from hub.context import Context
from hub.store import jobs
from safety_core.errors import UnavailableError
from tests.simulators.hub import RunningHub


class Work:
    def __init__(self) -> None:
        self.done = 0

    async def __call__(self, _context: Context) -> None:
        self.done += 1
        await asyncio.sleep(0.01)


async def test_a_job_is_done_once_when_several_processes_find_it_due(hub: RunningHub) -> None:
    work = Work()
    job = Job("count", 60.0, work)
    async with opened(hub.context.settings, hub.clock) as other:
        for _ in range(3):
            await asyncio.gather(*(once(context, job) for context in (hub.context, other) for _ in range(4)))
            hub.clock.now += 61
    assert work.done == 3


async def test_a_job_that_is_not_due_waits(small_hub: RunningHub) -> None:
    work = Work()
    job = Job("count", 60.0, work)
    await once(small_hub.context, job)
    small_hub.clock.now += 59
    await once(small_hub.context, job)
    assert work.done == 1


async def test_a_job_whose_process_died_is_taken_over_after_its_lease(hub: RunningHub) -> None:
    work = Work()
    async with hub.context.database.write() as connection:
        assert await jobs.claim(connection, "count", "dead", hub.clock.now, LEASE_SECONDS)
    await once(hub.context, Job("count", 1.0, work))
    assert work.done == 0
    hub.clock.now += LEASE_SECONDS + 1
    await once(hub.context, Job("count", 1.0, work))
    assert work.done == 1


async def test_who_comes_back_late_does_not_end_anothers_lease(small_hub: RunningHub) -> None:
    context, now = small_hub.context, small_hub.clock.now
    async with context.database.write() as connection:
        await jobs.claim(connection, "count", "slow", now, 1.0)
        assert await jobs.claim(connection, "count", "quick", now + 2, 60.0)
        await jobs.done(connection, "count", "slow", now)
        assert not await jobs.claim(connection, "count", "third", now + 3, 60.0)


async def test_a_job_that_fails_comes_round_again(small_hub: RunningHub, caplog: pytest.LogCaptureFixture) -> None:
    tried = asyncio.Event()
    rounds: list[int] = []

    async def fail(_context: Context) -> None:
        rounds.append(1)
        small_hub.clock.now += 2
        if len(rounds) == 1:
            raise UnavailableError("mail server", "cannot be reached")
        if len(rounds) == 2:
            raise ZeroDivisionError
        tried.set()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clerk, "LOOK_SECONDS", 0.01)
        async with clerk.running(small_hub.context, (Job("failing", 0.01, fail),)):
            await tried.wait()
    assert "mail server" in caplog.text
    assert "ZeroDivisionError" in caplog.text
