"""The hub's word wakes whoever has something to fetch; without it they look on their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.bus import Topic
from proxy.background import hints as module
from proxy.background.hints import SELDOM_SECONDS, Hints, soon
from safety_core.edge.hub import HubClient
from safety_core.errors import RefusedError, UnavailableError
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, running_hub

ACME = TenantId("acme")


@dataclass
class Follower:
    """An edge that follows, and how that goes on."""

    hub: RunningHub
    hints: Hints
    task: asyncio.Task[None]

    async def woken(self, topic: str) -> None:
        """Wait until there may be news of `topic`, and take it as done."""
        await self.hints.of(topic).wait()
        self.hints.of(topic).clear()


@pytest.fixture
async def follower(tmp_path: Path) -> AsyncIterator[Follower]:
    async with running_hub(tmp_path / "hub") as hub:
        hints = Hints(await hub.edge(ACME))
        for topic in ("feed", "policy"):
            hints.of(topic)
        task = asyncio.create_task(hints.follow())
        yield Follower(hub, hints, task)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_whoever_listens_looks_once_at_first_and_then_when_told(follower: Follower) -> None:
    assert follower.hints.every(5.0)() == 5.0
    await follower.woken("feed")
    await follower.woken("policy")
    assert follower.hints.every(5.0)() == SELDOM_SECONDS
    assert follower.hints.every(500.0)() == 500.0
    follower.hub.context.bus.ring(ACME, Topic.ORDERS)  # of which nobody here wants to know
    follower.hub.context.bus.ring(ACME, Topic.FEED)
    await follower.woken("feed")
    assert not follower.hints.of("policy").is_set()


async def test_a_stream_that_ends_at_once_is_a_failure_and_everybody_looks(follower: Follower) -> None:
    await follower.woken("feed")
    follower.hub.context.streams.close()
    with pytest.raises(UnavailableError, match="ended the stream"):
        await follower.task
    await follower.woken("feed")
    assert follower.hints.every(5.0)() == 5.0


async def test_a_stream_that_stood_for_long_is_followed_by_the_next(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LASTING_SECONDS", 0.0)
    await follower.woken("feed")
    follower.hub.context.streams.close()
    await follower.task
    assert 0 < soon() <= 2


async def test_a_hub_without_such_a_stream_leaves_the_edge_to_its_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(_client: HubClient, _heard: object) -> None:
        raise RefusedError("hub: request", "Not Found")

    monkeypatch.setattr(HubClient, "listen", refused)
    hints = Hints(object.__new__(HubClient))
    with pytest.raises(UnavailableError):
        await hints.follow()
    assert not hints.connected


async def test_an_event_that_others_set_too_is_shared() -> None:
    hints, own = Hints(object.__new__(HubClient)), asyncio.Event()
    assert hints.of("orders", own) is own
    assert hints.of("orders") is own
