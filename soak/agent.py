"""The load: an agent at work on a fleet that is being hurt, with its approver and its operator.

    python -m soak.agent < settings.json

It prints {"capacity": operations a second} once it has found out, works at half of that until its standard input ends,
finishes what it has begun, and prints {"open": acts without an end}. What it asks it notes before it asks.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from soak.approver import Approver
from soak.asking import Asking
from soak.journal import Journal
from soak.operator import Operator
from soak.prompts import Prompts

CALIBRATION: Final = 3.0
"""Seconds, with so many workers that wait for nothing but answers."""
WORKERS: Final = 6
MOST: Final = 64
"""Operations under way: an agent whose edge is away does not pile up more."""
FINISH: Final = 90.0
"""Seconds for what has been begun, once all faults are over."""
PROBE: Final = 0.1
"""Seconds between two looks whether permissions are given."""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of operation, and how often it comes among all."""

    weight: int
    do: Callable[[], Awaitable[None]]


class Agent:
    """Works at a pace."""

    def __init__(self, settings: dict[str, Any]) -> None:
        notes = Path(settings["notes"])
        self._journal = Journal(notes / "agent.jsonl")
        self._random = random.Random(settings["seed"])
        self._received = (notes / "agent.bytes").open("ab", buffering=0)
        transport = httpx2.AsyncHTTPTransport(uds=settings["socket"], limits=httpx2.Limits(max_connections=200))
        self._edge = httpx2.AsyncClient(transport=transport, base_url="http://edge", timeout=30)
        operator = Operator(self._edge, notes / "shop.jsonl", Path(settings["workspace"]) / "acts", self._journal)
        asking = Asking(self._edge, operator, self._journal, self._received, self._random, settings["planted"])
        self._prompts = Prompts(settings, self._journal, self._received, self._random)
        self._approver = Approver(settings, Journal(notes / "approver.jsonl"))
        self._asking = asking
        self._works = (
            Work(24, asking.order),
            Work(8, asking.write_down),
            Work(9, asking.refund),
            Work(6, asking.push),
            Work(7, asking.forbidden),
            Work(12, asking.look),
            Work(8, asking.result),
            Work(4, asking.heartbeat),
            Work(22, self._prompts.send),
        )
        self._over = asyncio.Event()

    async def work(self, over: asyncio.Event) -> None:
        """Work until `over`, then finish."""
        approving = asyncio.create_task(self._approver.run())
        probing = asyncio.create_task(self._probe(over))
        capacity = await self._capacity()
        print(json.dumps({"capacity": round(capacity, 1)}), flush=True)
        under_way = await self._paced(capacity / 2, over)
        self._asking.hurry = True
        if under_way:
            await asyncio.wait(under_way, timeout=FINISH)
        left = [task for task in under_way if not task.done()]
        for task in (*left, approving, probing):
            task.cancel()
        await asyncio.gather(*left, approving, probing, return_exceptions=True)
        failed = [task.exception() for task in under_way if not task.cancelled() and task.exception() is not None]
        self._journal.note("finished", open=len(left), failed=[repr(error) for error in failed])
        print(json.dumps({"open": len(left), "failed": [repr(error) for error in failed][:3]}), flush=True)

    def _draw(self) -> Callable[[], Awaitable[None]]:
        return self._random.choices(self._works, [work.weight for work in self._works])[0].do

    async def _capacity(self) -> float:
        end, done = time.monotonic() + CALIBRATION, 0

        async def worker() -> None:
            nonlocal done
            while time.monotonic() < end:
                with suppress(httpx2.HTTPError):
                    await self._draw()()
                done += 1

        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        return done / CALIBRATION

    async def _paced(self, rate: float, over: asyncio.Event) -> set[asyncio.Task[None]]:
        under_way: set[asyncio.Task[None]] = set()
        skipped = 0
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._random.expovariate(rate))
            under_way = {task for task in under_way if not task.done() or task.exception() is not None}
            if len(under_way) >= MOST:
                skipped += 1
                continue
            under_way.add(asyncio.ensure_future(self._draw()()))
        self._journal.note("paced", rate=round(rate, 1), skipped=skipped)
        return under_way

    async def _probe(self, over: asyncio.Event) -> None:
        """Note from when to when nobody was given a permission."""
        down: float | None = None
        while True:
            began = time.time()
            well = await self._asking.is_answered()
            if not well and down is None and not over.is_set():
                down = began
            elif well and down is not None:
                self._journal.note("away", since=down, seconds=round(time.time() - down, 3))
                down = None
            await asyncio.sleep(PROBE)


async def _main() -> None:
    settings = json.loads(sys.stdin.readline())
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def wait() -> None:
        await loop.run_in_executor(None, sys.stdin.read)
        over.set()

    waiting = asyncio.create_task(wait())
    await Agent(settings).work(over)
    await waiting


if __name__ == "__main__":
    asyncio.run(_main())
