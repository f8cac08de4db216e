"""Who is owed the answer to a question, and is told it until they say that they have it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.canonical import canonical_bytes
from safety_core.edge.approval_rows import SCHEMA
from safety_core.edge.approvals import AT_ONCE, ApprovalStore
from safety_core.edge.database import connect
from safety_core.model.approval import Asker, RequestId
from safety_core.model.tool_call import AgentId
from safety_core.wire.approvals import request_to_json
from tests.safety_core.edge.approval_setting import SHOP, asker, grant, owed, request, sessions


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ApprovalStore]:
    opened = ApprovalStore.open(tmp_path / "edge.db")
    yield opened
    await opened.aclose()


async def test_who_went_away_is_told_until_it_says_that_it_has_it(tmp_path: Path, store: ApprovalStore) -> None:
    for number in (1, 2, 3, 4):
        await store.open_request(request(number))
        await store.owe(asker(request(number)))
    assert await owed(store) == []
    await store.settle(grant(request(1)), 1200.0)
    await store.settle(grant(request(2), allow=False), 1200.0)
    await store.close(request(3).id)
    want = [(1, "granted"), (2, "denied"), (3, "expired")]
    assert await owed(store) == want == await owed(store)
    again = ApprovalStore.open(tmp_path / "edge.db")
    assert await owed(again) == want
    await again.aclose()
    await store.told(SHOP, [asker(request(1)), asker(request(4)), Asker(RequestId("f" * 32), request(1).session)])
    assert await owed(store) == want[1:]
    await store.settle(grant(request(4)), 1200.0)
    assert (await owed(store))[-1] == (4, "granted")


async def test_a_decision_is_told_to_its_own_agent_alone(store: ApprovalStore) -> None:
    other = replace(request(2), agent=AgentId("other"))
    for asked in (request(1), other):
        await store.open_request(asked)
        await store.owe(asker(asked))
        await store.settle(grant(asked), 1200.0)
    await store.told(SHOP, [asker(other)])
    assert await owed(store) == [(1, "granted")]
    assert await owed(store, ()) == []
    assert await owed(store, (AgentId("other"),)) == [(2, "granted")]


async def test_nobody_is_owed_what_nobody_left_or_what_was_used(store: ApprovalStore) -> None:
    for number in (1, 2, 3):
        await store.open_request(request(number))
        await store.settle(grant(request(number)), 1200.0)
    await store.owe(asker(request(2)))
    await store.use(grant(request(2)))
    await store.owe(asker(request(3)))
    await store.close(request(3).id, told=True)
    assert await owed(store) == []


async def test_a_decision_that_somebody_waits_for_is_theirs(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    await store.owe(asker(request(1)))
    with store.held(asker(request(1))), store.held(asker(request(1))):
        await store.settle(grant(request(1)), 1200.0)
        assert await owed(store) == []
    assert await owed(store) == [(1, "granted")]


@pytest.mark.parametrize("how", ["granted", "denied", "expired", "owed late", "let go"])
async def test_a_long_poll_ends_when_there_is_something_to_tell(store: ApprovalStore, how: str) -> None:
    await store.open_request(request(1))
    if how != "owed late":
        await store.owe(asker(request(1)))
    with store.held(asker(request(1 if how == "let go" else 9))):
        if how in {"owed late", "let go"}:
            await store.settle(grant(request(1)), 1200.0)
        poll = asyncio.create_task(store.decided(SHOP, 3600.0))
        done, _ = await asyncio.wait({poll}, timeout=0.05)
        assert not done
        if how == "expired":
            await store.close(request(1).id)
        elif how == "owed late":
            await store.owe(asker(request(1)))
        elif how != "let go":
            await store.settle(grant(request(1), allow=how == "granted"), 1200.0)
    assert [item.approval.request.id for item in await poll] == [request(1).id]


async def test_a_long_poll_of_another_agent_goes_on(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    await store.owe(asker(request(1)))
    poll = asyncio.create_task(store.decided((AgentId("other"),), 0.1))
    await asyncio.sleep(0)
    await store.settle(grant(request(1)), 1200.0)
    assert await poll == ()


async def test_one_answer_tells_a_bounded_number(store: ApprovalStore) -> None:
    for number in range(AT_ONCE + 1):
        await store.open_request(request(number))
        await store.owe(asker(request(number)))
        await store.close(request(number).id)
    assert len(await owed(store)) == AT_ONCE


async def test_the_file_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    """Its questions stay what they were; nobody is owed what was decided before anybody could be told."""
    path = tmp_path / "old.db"
    old = SCHEMA.replace(",\n    owed     INTEGER NOT NULL DEFAULT 0", "").replace(",\n    replaced TEXT", "")
    assert "owed" not in old
    with closing(connect(path, old)) as db:
        body = canonical_bytes(request_to_json(request(1)))
        row = (request(1).id, request(1).action_digest, "pending", body)
        db.execute("INSERT INTO approval (id, digest, state, request) VALUES (?, ?, ?, ?)", row)
    for _ in range(2):
        store = ApprovalStore.open(path)
        assert [item.request for item in await store.pending()] == [request(1)]
        await store.aclose()
    store = ApprovalStore.open(path)
    await store.owe(asker(request(1)))
    await store.settle(grant(request(1)), 1200.0)
    assert await owed(store) == [(1, "granted")]
    await store.aclose()


async def test_whom_an_earlier_version_owed_an_answer_is_told_it(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(connect(path, SCHEMA)) as db:
        body = canonical_bytes(request_to_json(request(1)))
        row = (request(1).id, request(1).action_digest, "pending", body)
        db.execute("INSERT INTO approval (id, digest, state, request, owed) VALUES (?, ?, ?, ?, 1)", row)
    for _ in range(2):
        store = ApprovalStore.open(path)
        await store.aclose()
    store = ApprovalStore.open(path)
    await store.settle(grant(request(1)), 1200.0)
    assert await owed(store) == [(1, "granted")]
    await store.told(SHOP, [asker(request(1))])
    await store.aclose()
    store = ApprovalStore.open(path)
    assert await owed(store) == []
    await store.aclose()


async def test_every_session_that_asked_is_told_and_each_says_for_itself_that_it_has_it(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    for session in ("a", "b", "a", "c"):
        await store.owe(asker(request(1), session))
    with store.held(asker(request(1), "c")):
        await store.settle(grant(request(1)), 1200.0)
        assert await sessions(store) == ["a", "b"]
    await store.told(SHOP, [asker(request(1), "a"), asker(request(1), "nobody")])
    assert await sessions(store) == ["b", "c"]


async def test_so_many_sessions_are_owed_one_answer(store: ApprovalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.asker_rows.ASKERS", 2)
    await store.open_request(request(1))
    for session in ("a", "b", "c", "a"):
        await store.owe(asker(request(1), session))
    await store.settle(grant(request(1)), 1200.0)
    assert await sessions(store) == ["a", "b"]
