"""Answers reach an edge in order, however late it comes."""

from __future__ import annotations

import pytest

from hub.store.schema.edges import tenants
from safety_core.edge.hub import Decisions
from safety_core.errors import RefusedError
from tests.simulators.hub import RunningHub, question


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
    for after in (-1, 2**54):
        with pytest.raises(RefusedError, match="query"):
            await edge.decisions(after)


async def test_a_feed_without_news_says_where_to_go_on(small_hub: RunningHub) -> None:
    assert await (await small_hub.edge("acme")).decisions(0) == Decisions(0, ())
