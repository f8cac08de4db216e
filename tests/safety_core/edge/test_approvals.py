"""The approval cache: one question per digest, the first answer counts, used exactly once, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.approve import TRANSITIONS
from safety_core.canonical import Digest
from safety_core.edge.approvals import ApprovalStore, Waiting
from safety_core.errors import (
    ExpiredGrantError,
    InputError,
    LimitError,
    MismatchedGrantError,
    ReplayedGrantError,
    SafetyError,
    UnavailableError,
)
from safety_core.model.approval import USE_SECONDS, ApprovalRequest, ApprovalState, Grant, KeyId, RequestId
from safety_core.model.tool_call import AgentId
from safety_core.wire.approvals import QUESTION_BYTES
from tests.safety_core.edge.approval_setting import child, grant, request


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ApprovalStore]:
    opened = ApprovalStore.open(tmp_path / "edge.db")
    yield opened
    await opened.aclose()


async def test_a_question_is_kept_whole_and_waits(store: ApprovalStore) -> None:
    asked = await store.open_request(request(1))
    assert asked.state is ApprovalState.PENDING
    assert await store.get(request(1).id) == asked
    assert asked.request == request(1)
    assert await store.pending() == (asked,)
    assert await store.get(RequestId("f" * 32)) is None


async def test_alike_questions_are_one_while_they_wait(store: ApprovalStore) -> None:
    first = await store.open_request(request(1, digest=7))
    assert await store.open_request(request(2, digest=7)) == first
    await store.settle(grant(first.request, allow=False), 1200.0)
    second = await store.open_request(request(2, digest=7))
    assert second.request.id == request(2).id
    assert (await store.find(Digest(f"{7:064x}"))) == second
    assert await store.find(Digest(f"{8:064x}")) is None


async def test_the_same_answer_again_changes_nothing(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    first = await store.settle(grant(request(1)), 1200.0)
    assert first.state is ApprovalState.GRANTED
    assert await store.settle(grant(request(1)), 1300.0) == first == await store.get(request(1).id)
    await store.use(grant(request(1)))
    assert (await store.settle(grant(request(1)), 1400.0)).state is ApprovalState.USED


async def test_the_first_answer_counts(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    await store.settle(grant(request(1), allow=False), 1200.0)
    with pytest.raises(ReplayedGrantError, match="is denied already"):
        await store.settle(grant(request(1), nonce=2), 1300.0)
    await store.open_request(request(2))
    await store.close(request(2).id)
    with pytest.raises(ExpiredGrantError, match="is expired already"):
        await store.settle(grant(request(2)), 1300.0)


async def test_an_answer_to_nothing_is_refused(store: ApprovalStore) -> None:
    with pytest.raises(MismatchedGrantError):
        await store.settle(grant(request(9)), 1.0)
    for attempt in (store.close(request(9).id), store.wait(request(9).id, 0.0)):
        with pytest.raises(InputError, match="is not known here"):
            await attempt
    with pytest.raises(ReplayedGrantError):
        await store.use(grant(request(9)))


async def reach(store: ApprovalStore, state: ApprovalState) -> None:
    await store.open_request(request(1))
    if state in {ApprovalState.GRANTED, ApprovalState.USED, ApprovalState.DENIED}:
        await store.settle(grant(request(1), allow=state is not ApprovalState.DENIED), 1200.0)
    if state is ApprovalState.USED:
        await store.use(grant(request(1)))
    if state in {ApprovalState.EXPIRED, ApprovalState.CANCELLED}:
        await store.close(request(1).id, state)


async def step(store: ApprovalStore, state: ApprovalState) -> None:
    if state in {ApprovalState.GRANTED, ApprovalState.DENIED}:
        await store.settle(grant(request(1), allow=state is ApprovalState.GRANTED, nonce=2), 1300.0)
    elif state is ApprovalState.USED:
        await store.use(grant(request(1)))
    else:
        await store.close(request(1).id, state)


@pytest.mark.parametrize("before", ApprovalState)
@pytest.mark.parametrize("after", [state for state in ApprovalState if state is not ApprovalState.PENDING])
async def test_only_steps_of_the_table_are_taken(
    store: ApprovalStore, before: ApprovalState, after: ApprovalState
) -> None:
    await reach(store, before)
    if before is after and after in {ApprovalState.EXPIRED, ApprovalState.CANCELLED}:
        await step(store, after)
    elif after in TRANSITIONS[before]:
        await step(store, after)
        before = after
    else:
        with pytest.raises(SafetyError):
            await step(store, after)
    held = await store.get(request(1).id)
    assert held is not None
    assert held.state is before


@pytest.mark.parametrize("state", [ApprovalState.GRANTED, ApprovalState.DENIED, ApprovalState.USED])
async def test_nothing_is_granted_denied_or_used_without_a_grant(store: ApprovalStore, state: ApprovalState) -> None:
    await store.open_request(request(1))
    with pytest.raises(InputError, match="cannot go"):
        await store.close(request(1).id, state)


async def test_a_grant_that_differs_from_the_kept_one_is_not_used(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    await store.settle(grant(request(1)), 1200.0)
    with pytest.raises(ReplayedGrantError):
        await store.use(replace(grant(request(1)), not_after=9e9))
    await store.use(grant(request(1)))
    with pytest.raises(ReplayedGrantError):
        await store.use(grant(request(1)))


async def test_the_outbox_empties_by_confirmation_or_by_an_answer(store: ApprovalStore) -> None:
    for number in (1, 2, 3):
        await store.open_request(request(number))
    await store.mark_sent(request(2).id)
    await store.close(request(3).id)
    assert await store.unsent() == (request(1),)


async def test_the_cursor_only_goes_forward(store: ApprovalStore) -> None:
    assert await store.cursor() == 0
    for position in (5, 3, 8):
        await store.move_cursor(position)
    assert await store.cursor() == 8


async def test_waiting_ends_with_the_answer(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    waiting = [asyncio.create_task(store.wait(request(1).id, 60.0)) for _ in range(3)]
    await asyncio.sleep(0.01)
    settled = await store.settle(grant(request(1)), 1200.0)
    async with asyncio.timeout(60):
        assert await asyncio.gather(*waiting) == [settled] * 3
    assert await store.wait(request(1).id, 60.0) == settled
    assert store._waiting == {}


async def test_waiting_ends_with_the_time(store: ApprovalStore) -> None:
    await store.open_request(request(1))
    assert (await store.wait(request(1).id, 0.01)).state is ApprovalState.PENDING
    task = asyncio.create_task(store.wait(request(1).id, 60.0))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store._waiting == {}


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = ApprovalStore.open(tmp_path / "edge.db")
    await first.open_request(request(1))
    kept = await first.settle(grant(request(1)), 1200.0)
    await first.aclose()
    second = ApprovalStore.open(tmp_path / "edge.db")
    assert await second.get(request(1).id) == kept
    await second.aclose()


async def test_a_full_or_broken_disk_is_named(tmp_path: Path, store: ApprovalStore) -> None:
    with pytest.raises(UnavailableError, match="cannot be opened"):
        ApprovalStore.open(tmp_path / "missing" / "edge.db")
    (tmp_path / "junk.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(UnavailableError, match="is not usable"):
        ApprovalStore.open(tmp_path / "junk.db")
    store.database._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(UnavailableError, match="SQLITE_READONLY"):
        await store.open_request(request(5))


async def test_of_several_processes_exactly_one_uses_a_grant(tmp_path: Path, store: ApprovalStore) -> None:
    grants = 12
    for number in range(grants):
        await store.open_request(request(number))
        await store.settle(grant(request(number)), 1200.0)
    racers = [child("race", str(tmp_path / "edge.db")) for _ in range(3)]
    outputs = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    won = [identity for output in outputs for identity in output]
    assert sorted(won) == [request(number).id for number in range(grants)]


async def test_a_kill_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    acknowledged: list[list[str]] = []
    for round_ in range(3):
        worker = child("work", str(path), str(round_ * 1000))
        assert worker.stdout is not None
        for _ in range(25 + 7 * round_):
            acknowledged.append(worker.stdout.readline().split())
        worker.kill()
        acknowledged.extend(line.split() for line in worker.stdout if line.endswith("\n"))
        worker.stdout.close()
        worker.wait()
    store = ApprovalStore.open(path)
    order = ["opened", "granted", "used"]
    reached = {identity: order.index(what) for what, identity in acknowledged}
    assert len(reached) > 20
    for identity, least in reached.items():
        held = await store.get(RequestId(identity))
        assert held is not None
        assert order.index(held.state.value.replace("pending", "opened")) >= least
        if held.grant is not None and held.state is ApprovalState.USED:
            with pytest.raises(ReplayedGrantError):
                await store.use(held.grant)
    await store.aclose()


async def test_one_agent_asks_no_more_than_a_person_could_read(
    store: ApprovalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safety_core.edge.approval_rows.OPEN", 3)
    for number in range(1, 4):
        await store.open_request(request(number))
    with pytest.raises(LimitError, match="agent shop: has 3 questions open"):
        await store.open_request(request(4))
    assert (await store.open_request(request(3))).state is ApprovalState.PENDING, "one that is open is no new one"
    await store.open_request(replace(request(4), agent=AgentId("baker")))
    await store.settle(grant(request(1)), 1200.0)
    await store.open_request(request(5))


async def test_nor_does_it_fill_the_disk(store: ApprovalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.approval_rows.OPEN_BYTES", 10_000)
    await store.open_request(replace(request(1), params={"command": "x" * 6_000}))
    with pytest.raises(LimitError):
        await store.open_request(replace(request(2), params={"command": "x" * 6_000}))
    await store.open_request(request(3))


async def test_what_nobody_could_read_is_no_question(store: ApprovalStore) -> None:
    with pytest.raises(LimitError, match="call: is larger than"):
        await store.open_request(replace(request(1), params={"command": "x" * QUESTION_BYTES}))
    assert await store.pending() == ()


async def test_what_waits_is_counted_and_found_without_being_read(store: ApprovalStore) -> None:
    for number in (1, 2, 3, 4):
        await store.open_request(replace(request(number), expires=2000.0 + number))
    await store.mark_sent(request(1).id)
    await store.settle(grant(request(4)), 1200.0)
    assert await store.waiting() == Waiting(pending=3, unsent=2)
    assert await store.outbox() == (request(2).id, request(3).id)
    assert await store.overdue(1200.0 + USE_SECONDS) == ()
    assert await store.overdue(2002.5) == (request(1).id, request(2).id, request(4).id)


async def test_a_question_that_nobody_could_read_again_is_not_kept(store: ApprovalStore) -> None:
    with pytest.raises(InputError, match=r"call\.tool: is longer"):
        await store.open_request(replace(request(1), tool="x" * 5000))
    await store.open_request(request(2))
    assert [item.request.id for item in await store.pending()] == [request(2).id]


def several(number: int, quorum: int) -> ApprovalRequest:
    return replace(request(number), quorum=quorum)


def by(question: ApprovalRequest, name: str, *, key: str = "hub", allow: bool = True) -> Grant:
    return replace(grant(question, allow=allow), approver=name, key=KeyId(key))


async def test_a_question_waits_for_as_many_people_as_it_asks_for_over_a_restart(tmp_path: Path) -> None:
    question, shared = several(1, 3), {KeyId("hub")}
    store = ApprovalStore.open(tmp_path / "edge.db")
    await store.open_request(question)
    first = await store.settle(by(question, "ann"), 1100.0, shared)
    assert (first.state, first.grant, first.others) == (ApprovalState.PENDING, None, (by(question, "ann"),))
    await store.aclose()
    store = ApprovalStore.open(tmp_path / "edge.db")
    for twice in (by(question, "ann", key="anns"), replace(by(question, "ann"), nonce="9" * 32)):
        with pytest.raises(ReplayedGrantError, match="said yes already"):
            await store.settle(twice, 1101.0, shared)
    assert await store.settle(by(question, "ann"), 1102.0, shared) == first
    await store.settle(by(question, "bob", key="bobs"), 1103.0, shared)
    with pytest.raises(ReplayedGrantError, match="said yes already"):
        await store.settle(by(question, "robert", key="bobs"), 1104.0, shared)
    last = await store.settle(by(question, "cem"), 1105.0, shared)
    assert (last.state, last.grant, last.received) == (ApprovalState.GRANTED, by(question, "cem"), 1105.0)
    assert [given.approver for given in last.others] == ["ann", "bob"]
    assert await store.get(question.id) == last
    assert await store.settle(by(question, "bob", key="bobs"), 1106.0, shared) == last
    with pytest.raises(ReplayedGrantError, match="granted already"):
        await store.settle(by(question, "dan"), 1107.0, shared)
    await store.use(by(question, "cem"))
    with pytest.raises(ReplayedGrantError):
        await store.use(by(question, "ann"))
    await store.aclose()


async def test_one_no_ends_a_question_for_several_people(store: ApprovalStore) -> None:
    question = several(1, 2)
    await store.open_request(question)
    await store.settle(by(question, "ann"), 1100.0, {KeyId("hub")})
    denied = await store.settle(by(question, "ann", allow=False), 1101.0, {KeyId("hub")})
    assert (denied.state, len(denied.others)) == (ApprovalState.DENIED, 1)
    with pytest.raises(ReplayedGrantError, match="denied already"):
        await store.settle(by(question, "bob"), 1102.0, {KeyId("hub")})


async def test_of_many_people_at_once_two_settle_it(tmp_path: Path) -> None:
    stores = [ApprovalStore.open(tmp_path / "edge.db") for _ in range(3)]
    question = several(1, 2)
    await stores[0].open_request(question)
    said = [store.settle(by(question, f"p{n}"), 1100.0, {KeyId("hub")}) for n, store in enumerate(stores * 3)]
    told = await asyncio.gather(*said, return_exceptions=True)
    settled = [item for item in told if not isinstance(item, BaseException)]
    assert sorted(item.state for item in settled) == [ApprovalState.GRANTED, ApprovalState.PENDING]
    kept = await stores[1].get(question.id)
    assert kept is not None
    assert len({given.approver for given in (*kept.others, kept.grant) if given is not None}) == 2
    for store in stores:
        await store.aclose()
