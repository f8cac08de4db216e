"""Answers reach an edge at once if it waits, and in order if it comes later."""

from __future__ import annotations

import asyncio
import time

import pytest

from hub.approvals.feed import LOOK_SECONDS
from hub.store.schema.edges import tenants
from safety_core.edge.hub import Decisions
from safety_core.errors import RefusedError
from tests.simulators.hub import RunningHub, question


async def test_a_waiting_edge_is_woken_by_the_answer(hub: RunningHub) -> None:
    edge, asked = await hub.edge("acme"), question()
    await edge.push_approval(asked)
    olga = await hub.approver("acme")
    began = time.monotonic()
    waiting = asyncio.create_task(edge.decisions(0, wait=30))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    (grant,) = (await waiting).grants
    assert grant.request == asked.id
    assert time.monotonic() - began < LOOK_SECONDS


async def test_an_answer_of_another_process_is_found_by_looking(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.approvals.feed.LOOK_SECONDS", 0.05)
    edge, asked = await small_hub.edge("acme"), question()
    await edge.push_approval(asked)
    olga = await small_hub.approver("acme")
    monkeypatch.setattr(type(small_hub.context.bell), "ring", lambda *_: None)
    waiting = asyncio.create_task(edge.decisions(0, wait=30))
    await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    assert len((await waiting).grants) == 1


async def test_a_wait_without_news_ends_in_time(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    assert await edge.decisions(0, wait=0.1) == Decisions(0, ())


async def test_an_edge_that_goes_away_leaves_nothing_behind(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    waiting = asyncio.create_task(edge.decisions(0, wait=60))
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.wait({waiting})
    deadline = time.monotonic() + 5
    while [task for task in asyncio.all_tasks() if "Bell" in repr(task) or "_disconnected" in repr(task)]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_the_cursor_goes_through_all_answers_in_order(hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.approvals.feed.PAGE", 2)
    edge, olga_of = await hub.edge("acme"), hub.approver
    olga, asked = await olga_of("acme"), [question() for _ in range(5)]
    for one in asked:
        await edge.push_approval(one)
        await olga.post(f"/v1/approvals/{one.id}/decision", json={"allow": True})
    cursor, seen = 0, []
    while (news := await edge.decisions(cursor)).grants:
        assert news.next > cursor
        cursor, seen = news.next, seen + [grant.request for grant in news.grants]
    assert seen == [one.id for one in asked]


async def test_after_a_hub_came_back_from_a_backup_its_feed_starts_anew(small_hub: RunningHub) -> None:
    edge, asked = await small_hub.edge("acme"), question()
    olga = await small_hub.approver("acme")
    await edge.push_approval(asked)
    await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    async with small_hub.context.database.write() as connection:
        await connection.execute(tenants.update().values(decisions=1))
    assert [grant.request for grant in (await edge.decisions(41)).grants] == [asked.id]


async def test_a_cursor_that_is_none_is_refused(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    for after, wait in ((-1, 0.0), (0, -1.0), (0, 1e9)):
        with pytest.raises(RefusedError, match="query"):
            await edge.decisions(after, wait)
