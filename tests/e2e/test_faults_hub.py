"""The hub is killed in the middle of everything: what it acknowledged stays, and nothing counts twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
from nacl.signing import SigningKey

from hub import admin
from hub.app import opened
from hub.keys import create_keys
from hub.settings import Settings
from hub.store import usage
from hub.store.tokens import TokenKind
from safety_core.edge.approver import ApproverClient
from safety_core.edge.hub import HubClient
from safety_core.errors import RefusedError, UnavailableError
from safety_core.model.approval import ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import bucket, question
from tests.simulators.postgres import binaries, private_cluster

R = TypeVar("R")

ACME = TenantId("acme")
QUESTIONS = 20
REPORTS = 40
KILLS = 2


@dataclass
class Hub:
    """A real hub process on one port, killed and started again."""

    settings: Settings
    port: int = 0
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        arguments = ["-m", "hub", "--data", str(self.settings.data), "--database", self.settings.database_url]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, "serve", "--port", str(self.port), stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        ready = json.loads(await asyncio.wait_for(self.process.stdout.readline(), 60))
        self.port = int(ready["url"].rpartition(":")[2])

    async def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self.process._transport.close()  # type: ignore[attr-defined]  # asyncio leaves its pipe to the collector


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    with private_cluster(binaries()) as cluster:
        yield cluster.create(f"t{secrets.token_hex(8)}")


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Hub]:
    hub = Hub(settings)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.kill()


async def until_acknowledged(attempt: Callable[[], Awaitable[R]]) -> R:
    """Do what an edge does when the hub is away: try again until it answers."""
    while True:
        try:
            return await attempt()
        except RefusedError:
            raise
        except UnavailableError:
            await asyncio.sleep(0.05)


@dataclass
class Work:
    """What was acknowledged, by whom, while the hub came and went."""

    pushed: list[ApprovalRequest] = field(default_factory=list)
    granted: dict[RequestId, bool] = field(default_factory=dict)
    feed: list[Grant] = field(default_factory=list)
    reported: int = 0

    @property
    def done(self) -> int:
        return len(self.pushed) + len(self.granted) + self.reported

    async def push(self, edge: HubClient) -> None:
        for _ in range(QUESTIONS):
            asked = question(now=time.time())
            await until_acknowledged(lambda asked=asked: edge.push_approval(asked))  # type: ignore[misc]
            self.pushed.append(asked)

    async def answer(self, url: str, token: str) -> None:
        with ApproverClient(url, token) as olga:
            while len(self.granted) < QUESTIONS:
                for asked in [asked for asked in self.pushed if asked.id not in self.granted]:
                    allow = int(asked.id, 16) % 2 == 0
                    await until_acknowledged(
                        lambda asked=asked, allow=allow: asyncio.to_thread(olga.answer, asked.id, allow=allow)  # type: ignore[misc]
                    )
                    self.granted[asked.id] = allow
                await asyncio.sleep(0.01)

    async def follow(self, edge: HubClient) -> None:
        cursor = 0
        while len(self.feed) < QUESTIONS:
            news = await until_acknowledged(lambda: edge.decisions(cursor))  # noqa: B023 - called at once
            assert news.next >= cursor
            if news.next == cursor:
                await asyncio.sleep(0.05)
            cursor = news.next
            self.feed.extend(news.grants)

    async def report(self, edge: HubClient) -> None:
        for sequence in range(1, REPORTS + 1):
            await until_acknowledged(lambda sequence=sequence: edge.push_usage([bucket(sequence, sequence)]))  # type: ignore[misc]
            self.reported = sequence

    async def disturb(self, hub: Hub) -> None:
        dice = random.Random()
        for number in range(1, KILLS + 1):
            while self.done < number * (2 * QUESTIONS + REPORTS) // (KILLS + 2):  # noqa: ASYNC110 - a count, no event
                await asyncio.sleep(0.002)
            await asyncio.sleep(dice.random() * 0.02)
            await hub.kill()
            await hub.start()


async def test_what_a_killed_hub_acknowledged_stays_and_nothing_counts_twice(tmp_path: Path, database: str) -> None:
    settings = Settings(tmp_path / "hub", database)
    create_keys(settings.data / "keys")
    async with opened(settings) as context:
        registration = await admin.add_tenant(context, "acme")
        token = await admin.add_person(context, TokenKind.APPROVER, "acme", "olga")
    work = Work()
    async with started(settings) as hub, HubClient(hub.url, ACME, SigningKey.generate()) as edge:
        await edge.register(registration)
        async with asyncio.TaskGroup() as group:
            for task in (work.push(edge), work.answer(hub.url, token), work.follow(edge), work.report(edge)):
                group.create_task(task)
            group.create_task(work.disturb(hub))
        with ApproverClient(hub.url, token) as olga:
            questions = await asyncio.to_thread(olga.questions, None)
        replayed = await edge.decisions(0)

    assert sorted(item.request.id for item in questions) == sorted(asked.id for asked in work.pushed)
    assert all(item.request in work.pushed for item in questions)
    assert {item.request.id: item.state is ApprovalState.GRANTED for item in questions} == work.granted
    assert len({grant.nonce for grant in work.feed}) == QUESTIONS
    assert {grant.request: grant.allow for grant in work.feed} == work.granted
    assert list(replayed.grants) == work.feed
    async with opened(settings) as context, context.database.read() as connection:
        assert await usage.listed(connection, ACME) == (bucket(REPORTS, REPORTS),)


async def test_a_killed_hub_takes_back_no_answer(tmp_path: Path) -> None:
    """Killed at a random moment of one decision: then there is that answer or none, and a second try settles it."""
    settings = Settings(tmp_path / "hub")
    create_keys(settings.data / "keys")
    async with opened(settings) as context:
        registration = await admin.add_tenant(context, "acme")
        token = await admin.add_person(context, TokenKind.APPROVER, "acme", "olga")
    async with started(settings) as hub, HubClient(hub.url, ACME, SigningKey.generate()) as edge:
        await edge.register(registration)
        for _ in range(2):
            asked = question(now=time.time())
            await edge.push_approval(asked)
            with ApproverClient(hub.url, token) as olga:
                deciding = asyncio.create_task(asyncio.to_thread(olga.answer, asked.id, allow=True))
                await asyncio.sleep(random.random() * 0.03)
                await hub.kill()
                with contextlib.suppress(UnavailableError, httpx2.HTTPError):
                    assert (await deciding).state is ApprovalState.GRANTED
                await hub.start()
                before = [grant for grant in (await edge.decisions(0)).grants if grant.request == asked.id]
                settled = await asyncio.to_thread(olga.answer, asked.id, allow=True)
                assert settled.state is ApprovalState.GRANTED
            after = [grant for grant in (await edge.decisions(0)).grants if grant.request == asked.id]
            assert len(after) == 1
            assert before in ([], after)
