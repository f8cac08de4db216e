"""A hub that is killed at random moments under load; what it acknowledged is held against what is there afterwards."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
from sqlalchemy import select

from hub.store import usage
from hub.store.engine import Database, open_database
from hub.store.schema import answers, edges
from safety_core.edge.hub import HubClient
from safety_core.errors import UnavailableError
from safety_core.model.approval import ApprovalState, Grant, Report, RequestId
from safety_core.model.tool_call import TenantId
from safety_core.wire.approvals import grant_from_json, grant_to_json
from safety_core.wire.feed import Told
from safety_core.wire.reader import Reader
from tests.simulators.hub import bucket, question
from tests.simulators.hub_process import KEY, HubProcess
from tests.simulators.hub_requests import Line, signed

R = TypeVar("R")

MOMENTS = (0.02, 0.6)
"""Seconds of work between a start and the next kill."""

ROOM = {"agent_hourly": "1000000", "agent_pending": "100000", "max_pending": "100000"}
"""Settings under which no flood is refused: this is one."""


async def until_acknowledged(attempt: Callable[[], Awaitable[R]]) -> R:
    """Do what an edge does when the hub is away: try again until it answers."""
    while True:
        try:
            return await attempt()
        except UnavailableError:
            await asyncio.sleep(0.02)


@dataclass
class Customer:
    """One tenant at work, and all that the hub acknowledged to it."""

    hub: HubProcess
    tenant: str
    asked: set[RequestId] = field(default_factory=set)
    open: list[RequestId] = field(default_factory=list)
    answered: dict[RequestId, Grant] = field(default_factory=dict)
    used: set[RequestId] = field(default_factory=set)
    feed: list[Grant] = field(default_factory=list)
    sequence: int = 0
    sent: list[bytes] = field(default_factory=list)
    let_in_twice: int = 0

    def works(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """Return what it does all the time, each a step that ends once it was acknowledged."""
        self.edge = HubClient(self.hub.url, TenantId(self.tenant), KEY)
        headers = {"Authorization": f"Bearer {self.hub.tokens[self.tenant]}"}
        options: dict[str, Any] = {"trust_env": False, "verify": False, "timeout": 60}
        self.olga = httpx2.AsyncClient(base_url=self.hub.url, headers=headers, **options)
        return [self.ask, self.ask, self.answer, self.answer, self.follow, self.report, self.use, self.repeat]

    async def close(self) -> None:
        await self.edge.close()
        await self.olga.aclose()

    async def ask(self) -> None:
        asked = question(self.tenant, now=time.time())
        await until_acknowledged(lambda: self.edge.push_approval(asked))
        self.asked.add(asked.id)
        self.open.append(asked.id)

    async def answer(self) -> None:
        if not self.open:
            await asyncio.sleep(0.01)
            return
        request = self.open.pop()
        self.answered[request] = await until_acknowledged(lambda: self._answer(request))

    async def _answer(self, request: RequestId) -> Grant:
        allow = int(request, 16) % 2 == 0
        try:
            said = await self.olga.post(f"/v1/approvals/{request}/decision", json={"allow": allow})
        except httpx2.HTTPError as error:
            raise UnavailableError("hub", "is away") from error
        if said.status_code >= 500:
            raise UnavailableError("hub", "failed")
        assert said.status_code == 200, said.text
        return grant_from_json(Reader.parse(said.content, "answer").object("grant"))

    async def follow(self) -> None:
        cursor = len(self.feed)
        news = await until_acknowledged(lambda: self.edge.decisions(cursor))
        self.feed += news.grants
        assert news.next == len(self.feed)
        await asyncio.sleep(0.01)

    async def report(self) -> None:
        new = bucket(self.sequence + 1, self.sequence + 1)
        await until_acknowledged(lambda: self.edge.push_usage([new]))
        self.sequence += 1
        await asyncio.sleep(0.01)

    async def use(self) -> None:
        """Say that a grant was used, as an edge does: again and again until the hub has it."""
        fresh = [grant for grant in self.feed if grant.allow and grant.request not in self.used][:1]
        for grant in fresh:
            report = Report(grant.request, ApprovalState.USED, "", time.time())
            await until_acknowledged(lambda report=report: self.edge.push_reports(Told((report,))))  # type: ignore[misc]
            self.used.add(grant.request)
        await asyncio.sleep(0.01)

    async def repeat(self) -> None:
        """Send a request that was let in once more: it must never be let in again."""
        raw = random.choice(self.sent) if self.sent and secrets.randbelow(2) else b""
        new = raw or signed("GET", "/v1/approvals/decisions?after=0", self.tenant)
        try:
            async with Line(self.hub.port) as line:
                status, _ = await line.ask(new)
        except (OSError, EOFError):
            await asyncio.sleep(0.02)
            return
        if status == 200:
            self.let_in_twice += bool(raw)
            self.sent = [*self.sent[-20:], new]
        await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Outcome:
    """What came of it. `wrong` names what was lost, doubled or used twice; it should be empty."""

    kills: int
    questions: int
    answers: int
    reports: int
    wrong: tuple[str, ...]


async def killed(hub: HubProcess, kills: int) -> Outcome:
    """Kill the hub so often, at random moments under the load of all its tenants; return what came of it."""
    customers = [Customer(hub, tenant) for tenant in hub.tokens]
    over = asyncio.Event()
    steps = [step for customer in customers for step in customer.works()]
    tasks = [asyncio.create_task(_on_and_on(step, over)) for step in steps]
    for _ in range(kills):
        done, _ = await asyncio.wait(tasks, timeout=random.uniform(*MOMENTS), return_when=asyncio.FIRST_EXCEPTION)
        if done:
            break
        await asyncio.to_thread(hub.kill)
        await asyncio.to_thread(hub.start)
    over.set()
    await asyncio.gather(*tasks)
    wrong: list[str] = []
    database = open_database(hub.database)
    for customer in customers:
        while customer.open:
            await customer.answer()
        await _follow_to_the_end(customer)
        wrong += await _wrong(database, customer)
        await customer.close()
    await database.close()
    asked, answered = (sum(len(getattr(one, what)) for one in customers) for what in ("asked", "answered"))
    return Outcome(kills, asked, answered, sum(one.sequence for one in customers), tuple(wrong))


async def _on_and_on(step: Callable[[], Coroutine[Any, Any, None]], over: asyncio.Event) -> None:
    while not over.is_set():
        await step()


async def _follow_to_the_end(customer: Customer) -> None:
    before = -1
    while before != len(customer.feed):
        before = len(customer.feed)
        await customer.follow()


async def _wrong(database: Database, customer: Customer) -> list[str]:
    """Hold what is stored against what was acknowledged."""
    approvals, given, fed = edges.approvals.c, answers.answers.c, answers.feed.c
    async with database.read() as connection:
        rows = await connection.execute(
            select(approvals.id, approvals.state).where(approvals.tenant == customer.tenant)
        )
        states = {row.id: ApprovalState(row.state) for row in rows}
        said = (await connection.execute(select(given.request).where(given.tenant == customer.tenant))).scalars().all()
        places = (await connection.execute(select(fed.place).where(fed.tenant == customer.tenant))).scalars().all()
        totals = await usage.listed(connection, TenantId(customer.tenant))
    told = Counter(grant.request for grant in customer.feed)
    kept = {grant.request: grant_to_json(grant) for grant in customer.feed}
    checks = {
        "questions": set(states) == customer.asked,
        "answers": Counter(said) == Counter(customer.answered.keys()),
        "answers in the feed": told == Counter(customer.answered.keys()),
        "places in the feed": sorted(places) == list(range(1, len(customer.answered) + 1)),
        "grants": kept == {request: grant_to_json(grant) for request, grant in customer.answered.items()},
        "states": all(states[one] in _ends(customer, one) for one in customer.answered),
        "usage": totals == ((bucket(customer.sequence, customer.sequence),) if customer.sequence else ()),
        "nonces": not customer.let_in_twice,
    }
    return [f"{customer.tenant}: {what}" for what, holds in checks.items() if not holds]


def _ends(customer: Customer, request: RequestId) -> set[ApprovalState]:
    if request in customer.used:
        return {ApprovalState.USED}
    return {ApprovalState.GRANTED if customer.answered[request].allow else ApprovalState.DENIED}
