"""Who performs the effects of a flow, where the caller's presence matters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from proxy.caller import Caller
from proxy.effects import await_decision
from safety_core.edge.approvals import ApprovalStore
from safety_core.flow.effects import AwaitDecision
from safety_core.model.approval import ApprovalRequest, ApprovalState
from tests.simulators.hub import question
from tests.simulators.policies import signed_grant


@pytest.fixture
async def approvals(tmp_path: Path) -> AsyncIterator[ApprovalStore]:
    store = ApprovalStore.open(tmp_path / "edge.db")
    yield store
    await store.aclose()


@pytest.fixture
async def request_(approvals: ApprovalStore) -> ApprovalRequest:
    request = question(now=time.time())
    await approvals.open_request(request)
    return request


async def test_an_answer_wakes_who_waits(approvals: ApprovalStore, request_: ApprovalRequest) -> None:
    waiting = asyncio.create_task(
        await_decision(approvals, AwaitDecision(request_.id, 30.0, request_.session), Caller())
    )
    await asyncio.sleep(0)
    await approvals.settle(signed_grant(SigningKey.generate(), request_), time.time())
    assert (await waiting).state is ApprovalState.GRANTED


async def test_time_runs_out_without_an_answer(approvals: ApprovalStore, request_: ApprovalRequest) -> None:
    assert (
        await await_decision(approvals, AwaitDecision(request_.id, 0.01, request_.session), Caller())
    ).state is ApprovalState.PENDING


async def test_who_left_spends_no_permission_even_if_it_came_at_that_moment(
    approvals: ApprovalStore, request_: ApprovalRequest
) -> None:
    await approvals.settle(signed_grant(SigningKey.generate(), request_), time.time())
    caller = Caller()
    caller.leave()
    seen = await await_decision(approvals, AwaitDecision(request_.id, 30.0, request_.session), caller)
    assert (seen.state, seen.grant, seen.received) == (ApprovalState.PENDING, None, 0.0)
    kept = await approvals.get(request_.id)
    assert kept is not None
    assert kept.state is ApprovalState.GRANTED
    assert replace(seen, state=kept.state, grant=kept.grant, received=kept.received) == kept
