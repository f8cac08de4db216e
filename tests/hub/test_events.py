"""An edge that listens is told at once that there is something, and by nobody's key but its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nacl.signing import SigningKey

from hub import admin, streams
from hub.bus import Topic
from hub.store import tenants
from safety_core.edge.hub import HubClient
from safety_core.errors import RefusedError, UnavailableError
from safety_core.model.tool_call import TenantId
from tests.simulators.hub import RunningHub, question

ACME = TenantId("acme")


class Listener:
    """An edge's stream: what it heard, in order, and how it ended."""

    def __init__(self, edge: HubClient) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.task = asyncio.create_task(edge.listen(self.heard.put_nowait))

    async def next(self) -> str:
        """Return the next topic, or raise how the stream ended."""
        word = asyncio.create_task(self.heard.get())
        await asyncio.wait({word, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if not word.done():
            word.cancel()
            await self.task
            raise EOFError
        return word.result()


@asynccontextmanager
async def listening(edge: HubClient) -> AsyncIterator[Listener]:
    """Listen until the block ends; nothing is missed once it begins."""
    listener = Listener(edge)
    try:
        assert await listener.next() == ""
        yield listener
    finally:
        listener.task.cancel()
        await asyncio.gather(listener.task, return_exceptions=True)


async def test_an_answer_is_heard_of_by_its_own_edge_alone(hub: RunningHub) -> None:
    edge, other, asked = await hub.edge("acme"), await hub.edge("bravo"), question()
    await edge.push_approval(asked)
    olga = await hub.approver("acme")
    async with listening(edge) as ours, listening(other) as theirs:
        await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
        assert await ours.next() == "feed"
        assert [grant.request for grant in (await edge.decisions(0)).grants] == [asked.id]
        hub.context.bus.ring(TenantId("bravo"), Topic.ORDERS)
        assert await theirs.next() == "orders"


async def test_what_happens_in_one_moment_is_told_once(small_hub: RunningHub) -> None:
    async with listening(await small_hub.edge("acme")) as ours:
        for topic in (Topic.POLICY, Topic.INBOX, Topic.FEED, Topic.POLICY, Topic.FEED):
            small_hub.context.bus.ring(ACME, topic)
        assert [await ours.next(), await ours.next()] == ["feed", "policy"]
        small_hub.context.bus.ring(ACME, Topic.ORDERS)
        assert await ours.next() == "orders"


async def test_a_stream_is_signed_like_any_request(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    stranger = small_hub.client("acme", SigningKey.generate())
    with pytest.raises(RefusedError, match="is not signed by the tenant's registered key"):
        await stranger.listen(lambda _: None)
    assert (await small_hub.http().get("/v1/events")).status_code == 400


async def test_another_key_ends_the_streams_of_the_old_one(hub: RunningHub) -> None:
    old = await hub.edge("acme")
    async with listening(old) as ours:
        await hub.client("acme", SigningKey.generate()).register(await admin.add_tenant(hub.context, "acme"))
        with pytest.raises(EOFError):
            await ours.next()
    with pytest.raises(RefusedError):
        await old.listen(lambda _: None)


async def test_a_lost_word_of_a_revoked_key_is_made_up_for_by_comparing(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge, kept = await small_hub.edge("acme"), await small_hub.edge("bravo")
    async with listening(edge) as ours, listening(kept) as theirs:
        async with small_hub.context.database.write() as connection:
            await tenants.set_public(connection, ACME, "0" * 64, 0.0)
        monkeypatch.setattr(streams, "KEY_SECONDS", 0.01)
        comparing = asyncio.create_task(small_hub.context.streams._compare(small_hub.context.database))
        with pytest.raises(EOFError):
            await ours.next()
        comparing.cancel()
        small_hub.context.bus.ring(TenantId("bravo"), Topic.FEED)
        assert await theirs.next() == "feed"


async def test_of_too_many_streams_of_a_tenant_the_oldest_end(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS_PER_TENANT", 1)
    edge = await small_hub.edge("acme")
    async with listening(edge) as first, listening(edge) as second:
        with pytest.raises(EOFError):
            await first.next()
        async with listening(edge):
            with pytest.raises(EOFError):
                await second.next()
    await no_streams(small_hub)


async def test_a_hub_that_is_full_says_so(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STREAMS", 1)
    edge = await small_hub.edge("acme")
    async with listening(edge):
        with pytest.raises(UnavailableError, match="as many as it may"):
            await edge.listen(lambda _: None)


async def test_a_quiet_stream_is_kept_alive_by_comments(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr("safety_core.edge.hub.SILENCE_SECONDS", 1.0)
    edge = await small_hub.edge("acme")
    beating = asyncio.create_task(small_hub.context.streams._beat())
    async with listening(edge) as ours:
        await asyncio.wait({ours.task}, timeout=1.5)
        assert not ours.task.done()
        small_hub.context.bus.ring(ACME, Topic.FEED)
        assert await ours.next() == "feed"
    beating.cancel()


async def test_a_silent_stream_is_broken(small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.hub.SILENCE_SECONDS", 0.1)
    async with listening(await small_hub.edge("acme")) as ours:
        with pytest.raises(UnavailableError, match="ReadTimeout"):
            await ours.next()


async def test_an_edge_that_leaves_leaves_nothing_behind(small_hub: RunningHub) -> None:
    async with listening(await small_hub.edge("acme")):
        assert len(small_hub.context.streams) == 1
    await no_streams(small_hub)


async def no_streams(hub: RunningHub) -> None:
    async with asyncio.timeout(60):
        while len(hub.context.streams):  # noqa: ASYNC110 - it ends when the connection's end is noticed
            await asyncio.sleep(0.01)
    assert not hub.context.bus._hearers


async def test_a_reader_that_does_not_read_is_let_go_of(small_hub: RunningHub) -> None:
    """The write that would have to wait is given up, and with it the stream."""
    written: list[Any] = []

    async def stuck(message: Any) -> None:
        written.append(message)
        await asyncio.Event().wait()

    async def parked() -> None:
        with small_hub.context.streams.joined(small_hub.context.bus, ACME, "", stuck):
            await asyncio.Event().wait()

    task = asyncio.create_task(parked())
    await asyncio.sleep(0)
    small_hub.context.bus.ring(ACME, Topic.FEED)
    await asyncio.wait({task})
    assert task.cancelled()
    assert len(written) == 1
    assert not small_hub.context.bus._hearers


async def test_a_stopping_hub_ends_its_streams(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    async with listening(edge) as ours:
        small_hub.context.streams.close()
        with pytest.raises(EOFError):
            await ours.next()
    with pytest.raises(UnavailableError, match="is stopping"):
        await edge.listen(lambda _: None)
