"""A call that an approver changed takes the place of the first; and what the hub is told of each question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.edge.approval_rows import CHANGES
from safety_core.edge.approvals import ApprovalStore
from safety_core.errors import InputError, LimitError
from safety_core.model.approval import ApprovalState, RequestId
from tests.safety_core.edge.approval_setting import asker, child, grant, request, sessions


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ApprovalStore]:
    opened = ApprovalStore.open(tmp_path / "edge.db")
    yield opened
    await opened.aclose()


async def test_a_changed_call_takes_the_place_of_the_first_with_all_who_asked(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    for session in ("a", "b"):
        await store.owe(asker(request(1), session))
    waiting = asyncio.create_task(store.wait(request(1).id, 60.0))
    await asyncio.sleep(0)
    instead = await store.replace(request(1).id, replace(request(2), edited_from=request(1).id), "Olga")
    assert (instead.request.id, instead.state) == (request(2).id, ApprovalState.PENDING)
    old = await waiting
    assert (old.state, old.replaced) == (ApprovalState.CANCELLED, request(2).id)
    assert (await store.follow(request(1).id)).request.id == request(2).id
    await store.owe(asker(request(1), "late"))
    assert await sessions(store) == []
    await store.settle(grant(instead.request), 1200.0)
    assert await sessions(store) == ["a", "b", "late"]
    with pytest.raises(InputError):
        await store.replace(request(1).id, request(3), "Olga")
    assert await store.get(request(3).id) is None, "all of it or nothing"


async def test_one_that_waits_already_takes_the_place_of_a_call_that_was_changed_into_it(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    await store.open_request(request(2))
    alike = replace(request(3), action_digest=request(2).action_digest)
    assert (await store.replace(request(1).id, alike, "Olga")).request == request(2)
    assert (await store.follow(request(1).id)).request == request(2)
    assert [item.request.id for item in await store.pending()] == [request(2).id]


async def test_a_call_is_changed_so_often_and_no_oftener(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    for number in range(1, CHANGES + 1):
        await store.replace(request(number).id, replace(request(number + 1), edited_from=request(number).id), "Olga")
    last, more = request(CHANGES + 1), replace(request(CHANGES + 2), edited_from=request(CHANGES + 1).id)
    with pytest.raises(LimitError, match=f"was changed {CHANGES} times already"):
        await store.replace(last.id, more, "Olga")
    assert [item.request.id for item in await store.pending()] == [last.id]
    assert (await store.follow(request(1).id)).request.id == last.id


async def test_the_hub_is_told_what_became_of_questions_until_it_has_it(tmp_path: Path, store: ApprovalStore) -> None:
    for number in (1, 2, 3, 4):
        await store.open_request(request(number))
    await store.settle(grant(request(1)), 1200.0)
    await store.use(grant(request(1)))
    await store.settle(grant(request(2), allow=False), 1200.0)
    await store.close(request(3).id)
    await store.replace(request(4).id, request(5), "Olga")
    await store.refused_edit(request(5).id, "floor: x")
    store.news.clear()
    place, reports = await store.reports()
    by = grant(request(1)).approver
    assert [(int(report.request, 16), report.state.value, report.by) for report in reports] == [
        (1, "granted", by),
        (1, "used", by),
        (2, "denied", by),
        (3, "expired", ""),
        (4, "cancelled", "Olga"),
        (5, "pending", ""),
    ]
    assert (reports[4].replaced, reports[5].refused) == (request(5).id, "floor: x")
    again = ApprovalStore.open(tmp_path / "edge.db")
    assert await again.reports() == (place, reports)
    await again.aclose()
    await store.close(request(5).id, ApprovalState.CANCELLED, by="Olga")
    assert store.news.is_set()
    await store.reported(place)
    _, left = await store.reports()
    assert [(int(report.request, 16), report.by) for report in left] == [(5, "Olga")]


async def test_what_no_hub_ever_takes_is_bounded(store: ApprovalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.report_rows.KEPT", 3)
    for number in range(1, 6):
        await store.open_request(request(number))
        await store.close(request(number).id)
    _, reports = await store.reports()
    assert [int(report.request, 16) for report in reports] == [3, 4, 5]


async def test_a_kill_leaves_no_call_half_changed(tmp_path: Path) -> None:
    for round_ in range(3):
        path = tmp_path / f"{round_}.db"
        worker = child("change", str(path))
        assert worker.stdout is not None
        acknowledged = [worker.stdout.readline().split()[1] for _ in range(10 + 9 * round_)]
        worker.kill()
        worker.communicate()
        store = ApprovalStore.open(path)
        history = {approval.request.id: approval for approval in await store.history()}
        olds = [approval for approval in history.values() if int(approval.request.id, 16) % 2]
        for old in olds:
            new = history.get(RequestId(f"{int(old.request.id, 16) + 1:032x}"))
            changed = old.state is ApprovalState.CANCELLED
            assert changed == (new is not None) == (old.replaced is not None)
            assert changed or old.request.id not in acknowledged
        _, reports = await store.reports()
        assert {report.request for report in reports if report.replaced} <= {
            old.request.id for old in olds if old.replaced
        }
        await store.aclose()
