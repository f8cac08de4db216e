"""Outward grants on disk: each use is counted once, over any crash and between processes; what ended stays ended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from safety_core.edge import standing as module
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.standing import MOST, StandingStore
from safety_core.errors import LimitError, ReplayedGrantError
from safety_core.model.approval import StandingGrant, StandingReport
from tests.simulators.policies import signed_standing

CHILDREN = Path(__file__).parents[2] / "simulators" / "approval_children.py"
NOW = 1_000_000.0
GRANT = signed_standing(SigningKey(b"1" * 32))


def grant(letter: str = "a", uses: int = 2, **changes: object) -> StandingGrant:
    return replace(GRANT, id=letter * 32, uses=uses, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def approvals(tmp_path: Path) -> AsyncIterator[ApprovalStore]:
    store = ApprovalStore.open(tmp_path / "edge.db")
    yield store
    await store.aclose()


@pytest.fixture
async def store(approvals: ApprovalStore) -> StandingStore:
    return StandingStore(approvals.database, approvals.news)


async def recalled(store: StandingStore, now: float = NOW) -> list[str]:
    return [found.id[0] for found in await store.recall(GRANT.agent, GRANT.tool, now)]


async def test_what_is_kept_is_recalled_for_its_agent_and_tool_while_it_holds(store: StandingStore) -> None:
    assert await store.keep(grant(), NOW)
    await store.keep(grant("b", agent="another"), NOW)
    await store.keep(grant("c", tool="exec"), NOW)
    await store.keep(grant("d", not_after=NOW + 1), NOW)
    assert await recalled(store) == ["d", "a"]
    assert await recalled(store, NOW + 2) == ["a"]
    assert await store.recall(GRANT.agent, GRANT.tool, NOW + 2) == (grant(),)
    assert len(await store.held()) == 4


async def test_a_use_is_taken_of_each_or_of_none(store: StandingStore) -> None:
    await store.keep(grant(), NOW)
    await store.keep(grant("b", uses=1), NOW)
    both = (grant().id, grant("b").id)
    await store.use(both, NOW)
    with pytest.raises(ReplayedGrantError):
        await store.use(both, NOW)
    assert await recalled(store) == ["a"]
    assert [held.remaining for held in await store.held()] == [1, 0]
    for refused in (("f" * 32,), both):
        with pytest.raises(ReplayedGrantError):
            await store.use(refused, NOW)
    with pytest.raises(ReplayedGrantError):
        await store.use((grant().id,), GRANT.not_after)
    assert [held.remaining for held in await store.held()] == [1, 0]


async def test_the_same_again_gives_no_use_back(store: StandingStore) -> None:
    await store.keep(grant(), NOW)
    await store.use((grant().id,), NOW)
    assert not await store.keep(grant(), NOW)
    assert [held.remaining for held in await store.held()] == [1]


async def test_what_ended_stays_ended_also_before_it_came(store: StandingStore) -> None:
    await store.keep(grant(), NOW)
    assert await store.end(grant().id, "withdrawn") == grant()
    assert await store.end(grant().id, "unpinned") is None
    assert await store.end(grant("b").id, "withdrawn") is None
    assert not await store.keep(grant("b"), NOW)
    assert await recalled(store) == []
    with pytest.raises(ReplayedGrantError):
        await store.use((grant().id,), NOW)
    assert [(held.grant, held.ended) for held in await store.held()] == [(grant(), "withdrawn")]
    assert await store.known(grant("b").id)
    assert not await store.known(grant("c").id)


async def test_the_hub_hears_how_each_stands_until_it_has_heard_it(
    approvals: ApprovalStore, store: StandingStore
) -> None:
    await store.keep(grant(), NOW)
    await store.refuse(grant("b"), "WeakApproverError")
    await store.refuse(grant(), "too late")
    told = await store.untold()
    assert set(told) == {StandingReport(grant().id, 2, ""), StandingReport(grant("b").id, 0, "WeakApproverError")}
    assert approvals.news.is_set()
    await store.use((grant().id,), NOW)
    await store.told(told)
    assert await store.untold() == (StandingReport(grant().id, 1, ""),), "it has changed since"
    await store.told(await store.untold())
    assert await store.untold() == ()
    await store.end(grant().id, "withdrawn")
    assert await store.untold() == (StandingReport(grant().id, 1, "withdrawn"),)


async def test_an_agent_has_a_bounded_number(store: StandingStore) -> None:
    for number in range(MOST):
        await store.keep(replace(grant(), id=f"{number:032x}"), NOW)
    with pytest.raises(LimitError):
        await store.keep(grant("f"), NOW)
    assert await store.keep(grant("f", agent="another"), NOW)
    await store.end(f"{0:032x}", "withdrawn")
    assert await store.keep(grant("e"), NOW)


async def test_all_agents_have_a_bounded_number(store: StandingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ALL", 2)
    for letter in "ab":
        await store.keep(grant(letter, agent=f"made up {letter}"), NOW)
    with pytest.raises(LimitError, match="outward grants: are 2 already"):
        await store.keep(grant("c", agent="made up c"), NOW)
    assert [found.id[0] for found in await store.live(NOW)] == ["a", "b"]
    await store.end(grant("a").id, "withdrawn")
    assert await store.keep(grant("c"), NOW)


async def test_what_was_ended_before_it_came_is_remembered_up_to_a_number(
    store: StandingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ENDED", 3)
    await store.keep(grant("e"), NOW)
    await store.end(grant("e").id, "withdrawn")
    for number in range(4):
        await store.end(f"{number:032x}", "withdrawn")
    await store.refuse(grant("f"), "ForgedGrantError")
    known = [await store.known(f"{number:032x}") for number in range(4)]
    assert known == [False, False, True, True]
    assert await store.known(grant("f").id)
    assert not await store.keep(grant("e"), NOW), "one that was kept is never forgotten"


def child(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, str(CHILDREN), "spend", str(path)], stdout=subprocess.PIPE, text=True)


async def test_of_several_processes_each_use_goes_to_one(tmp_path: Path, store: StandingStore) -> None:
    await store.keep(grant(uses=40), NOW)
    await store.keep(grant("b", uses=60), NOW)
    outputs = [child(tmp_path / "edge.db") for _ in range(3)]
    printed = await asyncio.gather(*(asyncio.to_thread(process.communicate, timeout=60) for process in outputs))
    assert sum(output.count("used") for output, _ in printed) == 40
    assert sorted(held.remaining for held in await store.held()) == [0, 20]


async def test_a_kill_never_gives_a_use_back(tmp_path: Path, store: StandingStore) -> None:
    uses = 1000
    await store.keep(grant(uses=uses), NOW)
    acknowledged = 0
    for round_ in range(3):
        spender = child(tmp_path / "edge.db")
        assert spender.stdout is not None
        for _ in range(15 + 7 * round_):
            acknowledged += spender.stdout.readline() == "used\n"
        spender.kill()
        acknowledged += sum(line == "used\n" for line in spender.stdout)
        spender.stdout.close()
        spender.wait()
    (held,) = await store.held()
    assert acknowledged <= uses - held.remaining <= acknowledged + 3, "at most the use under way at each kill"
