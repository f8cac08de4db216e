"""An order of the hub is done once, however often it comes, and only if it is in the closed list and in time."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from proxy.background import orders as module
from proxy.background.orders import Orders
from safety_core.edge.hub import HubClient
from safety_core.edge.order_log import OrderLog
from safety_core.errors import BundleError, RefusedError, UnavailableError
from safety_core.model.tool_call import AgentId
from safety_core.wire.orders import ORDERS, Number, Order, OrderKind, OrderOutcome, OrderResult
from safety_core.wire.posture import Check, Posture, Result
from tests.simulators.sights import in_force, opened_sight

MAIN = AgentId("main")


@dataclass
class Hub:
    """Keeps each order until its result came, as the hub does; `away`: it does not answer results."""

    waiting: list[Order] = field(default_factory=list)
    results: list[tuple[str, OrderResult]] = field(default_factory=list)
    away: bool = False
    refuses: bool = False

    async def orders(self) -> tuple[Order, ...]:
        return tuple(self.waiting)

    async def push_order_result(self, order: str, result: OrderResult) -> None:
        if self.away:
            raise UnavailableError("hub", "did not answer")
        if self.refuses:
            raise RefusedError("hub: order", "is not there")
        self.results.append((order, result))
        self.waiting = [one for one in self.waiting if one.id != order]

    def wants(self, kind: OrderKind | None, agent: str = "", *, late: bool = False) -> str:
        name = f"{len(self.waiting) + len(self.results):032x}"
        expires = time.time() + (-1 if late else 60)
        self.waiting.append(Order(name, kind, AgentId(agent), "Olga: stop", expires))
        return name

    @property
    def outcomes(self) -> list[OrderOutcome]:
        return [result.outcome for _, result in self.results]


@dataclass
class Desk:
    """What was done at the edge."""

    hub: Hub
    orders: Orders
    pulls: int = 0
    beats: int = 0
    trouble: bool = False

    async def pull(self) -> None:
        self.pulls += 1
        if self.trouble:
            raise BundleError("bundle", "was refused")

    async def beat(self) -> None:
        self.beats += 1

    async def round(self) -> None:
        await self.orders.receive()
        await self.orders.work_off()

    async def recorded(self) -> list[tuple[str, str]]:
        audit = self.orders.sight.services.audit
        entries: list[Any] = [json.loads(body) async for _, body in audit.entries()]
        return [(entry["subject"], entry["outcome"]) for entry in entries if entry["event"] == "order"]

    def halted(self) -> bool:
        return bool(self.orders.sight.guards.halts.reason(MAIN))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    log, hub, holder = OrderLog.open(tmp_path / "edge.db"), Hub(), in_force()
    async with opened_sight(tmp_path) as sight:
        desk = Desk(hub, cast("Orders", None))
        desk.orders = Orders(cast("HubClient", hub), log, sight, holder, desk.pull, desk.beat)
        yield desk
    await log.aclose()


async def test_switches_are_thrown_at_once_and_what_takes_long_waits(desk: Desk) -> None:
    for kind in (OrderKind.BACKUP, OrderKind.STATUS, OrderKind.PULL, OrderKind.DOCTOR):
        desk.hub.wants(kind)
    desk.hub.wants(OrderKind.HALT, "main")
    await desk.orders.receive()
    assert desk.halted()
    assert desk.hub.outcomes == [OrderOutcome.DONE]
    assert desk.orders.more.is_set()
    await desk.orders.work_off()
    done, refused = OrderOutcome.DONE, OrderOutcome.REFUSED
    assert desk.hub.outcomes == [done, done, done, OrderOutcome.UNCHANGED, refused]
    assert await desk.recorded() == [
        ("backup", "done"),
        ("status", "done"),
        ("pull", "unchanged"),
        ("doctor", "refused"),
    ]
    assert (desk.pulls, desk.beats) == (1, 1)
    assert len(desk.orders.sight.backups.listed()) == 1


async def test_a_result_that_did_not_arrive_is_told_again_and_the_order_is_not_done_again(desk: Desk) -> None:
    desk.hub.away = True
    order = desk.hub.wants(OrderKind.PULL)
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await desk.round()
    desk.hub.away = False
    await desk.round()
    assert desk.pulls == 1
    assert [name for name, _ in desk.hub.results] == [order]


async def test_what_comes_again_after_a_resume_halts_nobody_again(desk: Desk) -> None:
    halt = desk.hub.wants(OrderKind.HALT, "main")
    old = desk.hub.waiting[0]
    await desk.round()
    desk.hub.wants(OrderKind.RESUME, "main")
    await desk.round()
    assert not desk.halted()
    desk.hub.waiting.append(old)
    await desk.round()
    assert not desk.halted()
    assert desk.hub.results[-1] == (halt, OrderResult(OrderOutcome.DONE, {Number.HALTED: 1}))


async def test_what_waits_is_bounded_and_the_rest_comes_with_the_next_look(desk: Desk) -> None:
    for _ in range(ORDERS + 5):
        desk.hub.wants(OrderKind.STATUS)
    await desk.orders.receive()
    assert len(desk.orders.later) == ORDERS
    await desk.orders.work_off()
    await desk.round()
    assert desk.hub.outcomes == [OrderOutcome.DONE] * (ORDERS + 5)


async def test_the_hub_halts_so_many_by_name_and_then_all_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HALTED", 2)
    for name in ("a", "b", "c", "*"):
        desk.hub.wants(OrderKind.HALT, name)
    await desk.round()
    done = OrderOutcome.DONE
    assert desk.hub.outcomes == [done, done, OrderOutcome.REFUSED, done]
    assert desk.halted()


async def test_what_is_late_or_not_known_is_not_done(desk: Desk) -> None:
    desk.hub.wants(OrderKind.HALT, "main", late=True)
    desk.hub.wants(OrderKind.PULL, late=True)
    desk.hub.wants(None)
    await desk.round()
    assert not desk.halted()
    assert desk.pulls == 0
    assert desk.hub.outcomes == [OrderOutcome.EXPIRED, OrderOutcome.EXPIRED, OrderOutcome.UNKNOWN]


async def test_what_fails_is_told_in_a_word(desk: Desk) -> None:
    desk.trouble = True
    desk.hub.wants(OrderKind.PULL)
    desk.hub.wants(OrderKind.BACKUP)
    desk.orders.sight.backups.folder.write_text("no folder")
    await desk.round()
    assert desk.hub.outcomes == [OrderOutcome.FAILED, OrderOutcome.FAILED]
    assert await desk.recorded() == [("pull", "failed"), ("backup", "failed")]


async def test_an_order_that_the_hub_no_longer_has_holds_up_none(desk: Desk) -> None:
    desk.hub.refuses = True
    desk.hub.wants(OrderKind.HALT, "main")
    desk.hub.wants(OrderKind.HALT, "other")
    await desk.round()
    assert len(desk.orders.sight.guards.halts.thrown()) == 2


async def test_the_doctors_word_counts_only_if_it_was_handed_over_since(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    posture = desk.orders.sight.services.posture
    await posture.put(Posture(int(time.time()) - 100, 1001, {Check.ICMP: Result.OPEN}))
    desk.orders.doctor = (sys.executable, "-c", "")
    desk.hub.wants(OrderKind.DOCTOR)
    await desk.round()
    await posture.put(Posture(int(time.time()) + 100, 1001, {Check.ICMP: Result.OPEN, Check.ROOT: Result.UNKNOWN}))
    desk.hub.wants(OrderKind.DOCTOR)
    await desk.round()
    desk.orders.doctor = ("/nonexistent/doctor",)
    desk.hub.wants(OrderKind.DOCTOR)
    await desk.round()
    monkeypatch.setattr(module, "DOCTOR_SECONDS", 0.05)
    desk.orders.doctor = (sys.executable, "-c", "import time; time.sleep(600)")
    desk.hub.wants(OrderKind.DOCTOR)
    await asyncio.wait_for(desk.round(), 60)
    failed = OrderOutcome.FAILED
    assert desk.hub.outcomes == [failed, OrderOutcome.DONE, failed, failed]
    assert desk.hub.results[1][1].numbers == {Number.BLOCKED: 0, Number.OPEN: 1, Number.UNPROVED: 1}
