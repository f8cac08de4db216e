"""Approved plans on disk: taken up once, each call used once, whoever comes at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.canonical import Digest
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.plans import PlanStore
from safety_core.errors import ReplayedGrantError
from safety_core.flow.effects import AdoptPlan
from safety_core.model.approval import ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.tool_call import SessionId
from tests.safety_core.flow.conftest import HUB, world
from tests.safety_core.flow.test_plan import calls, made, within
from tests.simulators.policies import signed_grant

ONE, TWO = Digest("1" * 64), Digest("2" * 64)
SESSION = SessionId("blueprint-1")


def question() -> ApprovalRequest:
    request = made(world(Level.RED), calls(), within(wait=0.0)).request
    assert request is not None
    return request


async def adopted(store: ApprovalStore, *digests: Digest, until: float = 3600.0) -> AdoptPlan:
    asked = replace(question(), id=f"{clock.new_id()}", action_digest=Digest(clock.new_id() * 2))  # type: ignore[arg-type]
    grant = signed_grant(HUB, asked)
    await store.open_request(asked)
    await store.settle(grant, clock.now())
    effect = AdoptPlan(grant, asked.agent, SESSION, digests, clock.now() + until)
    await PlanStore(store.database, store.news).adopt(effect)
    return effect


def test_a_plan_is_taken_up_once_with_all_its_calls(tmp_path: Path) -> None:
    async def story() -> None:
        store = ApprovalStore.open(tmp_path / "edge.db")
        plans = PlanStore(store.database)
        effect = await adopted(store, ONE, ONE, TWO)
        found = await plans.find(effect.agent, SESSION, ONE, clock.now())
        assert found is not None
        assert (found.request.id, found.state) == (effect.grant.request, ApprovalState.USED)
        with pytest.raises(ReplayedGrantError):
            await plans.adopt(effect)
        assert await plans.find(effect.agent, SessionId("other"), ONE, clock.now()) is None
        assert await plans.find(effect.agent, SESSION, Digest("3" * 64), clock.now()) is None
        assert await plans.find(effect.agent, SESSION, ONE, clock.now() + 3601) is None
        await store.aclose()

    asyncio.run(story())


def test_of_many_who_want_the_last_use_one_gets_it(tmp_path: Path) -> None:
    async def story() -> None:
        store = ApprovalStore.open(tmp_path / "edge.db")
        other = ApprovalStore.open(tmp_path / "edge.db")
        effect = await adopted(store, ONE, ONE)
        used = [PlanStore(base.database).use(effect.grant.request, ONE, clock.now()) for base in (store, other) * 5]
        results = await asyncio.gather(*used, return_exceptions=True)
        assert [type(result) for result in results if result is not None] == [ReplayedGrantError] * 8
        assert await PlanStore(store.database).find(effect.agent, SESSION, ONE, clock.now()) is None
        for base in (store, other):
            await base.aclose()

    asyncio.run(story())


def test_what_is_left_ends_with_the_session_and_is_cleared_with_its_time(tmp_path: Path) -> None:
    async def story() -> None:
        store = ApprovalStore.open(tmp_path / "edge.db")
        plans = PlanStore(store.database)
        effect = await adopted(store, ONE)
        await plans.end(effect.agent, SESSION)
        assert await plans.find(effect.agent, SESSION, ONE, clock.now()) is None
        await adopted(store, ONE, until=-1.0)
        await adopted(store, TWO)
        rows = await store.database.read(lambda db: db.execute("SELECT digest FROM plan_call").fetchall())
        assert rows == [(TWO,)]
        await store.aclose()

    asyncio.run(story())
