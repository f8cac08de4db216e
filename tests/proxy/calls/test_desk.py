"""The plugin hears what people decided, and a chat's buttons answer exactly what policy lets them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from proxy.caller import Caller
from proxy.calls.desk import Desk
from proxy.calls.grants import Grants
from proxy.effects import Services, handlers
from proxy.errors import NoPolicyError
from proxy.force import InForce
from safety_core.approve import key_id
from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import Digest
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.rego import RegoEngine
from safety_core.errors import (
    ExpiredGrantError,
    MismatchedGrantError,
    ReplayedGrantError,
    WeakApproverError,
)
from safety_core.flow import effects
from safety_core.model.approval import USE_SECONDS, ApprovalRequest, ApprovalState, Asker, RequestId
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.model.tool_call import AgentId
from safety_core.wire.decisions import Button, Poll
from tests.simulators.hub import question
from tests.simulators.policies import policy, signed_grant

EDGE = SigningKey(b"4" * 32)


@dataclass
class Place:
    """One edge's desk, without a hub, at a time that the test sets."""

    desk: Desk
    approvals: ApprovalStore
    audit: AuditLog
    in_force: InForce
    now: list[float] = field(default_factory=lambda: [time.time()])

    async def pin(self, up_to: Level | None, key: SigningKey = EDGE) -> None:
        """Put a policy in force that lets a channel approve up to a level, or none do."""
        public = key.verify_key
        pinned = ApproverKey(key_id(KeyKind.CHANNEL, public), KeyKind.CHANNEL, bytes(public).hex(), up_to or Level.RED)
        await self.in_force.activate(
            TrustedBundle(policy(approvers=(pinned,) if up_to else ()), {}, {}, {}, (), expires=self.now[0] + 90_000)
        )

    async def asked(self, level: Level = Level.YELLOW_EXTERNAL, **given: Any) -> ApprovalRequest:
        request = replace(question("acme", now=self.now[0], level=level, **given), revision=policy().revision)
        await self.approvals.open_request(request)
        await self.approvals.owe(Asker(request.id, request.session))
        return request

    async def says(self, request: ApprovalRequest, *, allow: bool = True) -> object:
        return await self.desk.answer(Button(request.id, allow, "telegram", "Ada"))

    async def told(self, request: ApprovalRequest, *told: Asker, wait: float = 0.0) -> list[str]:
        answer = await self.desk.decided(Poll((request.agent,), wait, told), Caller())
        decided: Any = answer["decided"]
        return [item["state"] for item in decided]

    async def state(self, request: ApprovalRequest) -> ApprovalState:
        approval = await self.approvals.get(request.id)
        assert approval is not None
        return approval.state


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    approvals = ApprovalStore.open(tmp_path / "edge.db")
    audit = await AuditLog.open(tmp_path / "audit.db", SigningKey(b"1" * 32))

    async def start(bundle: TrustedBundle) -> RegoEngine:
        return RegoEngine()

    in_force = InForce(start, 0.0)
    place = Place(Desk(Grants(approvals, audit, in_force), EDGE), approvals, audit, in_force)
    monkeypatch.setattr("safety_core.edge.clock.now", lambda: place.now[0])
    yield place
    await in_force.close()
    await approvals.aclose()
    await audit.aclose()


async def test_a_button_answers_and_the_answer_says_whence(place: Place) -> None:
    await place.pin(Level.YELLOW_EXTERNAL)
    for allow, state in ((True, ApprovalState.GRANTED), (False, ApprovalState.DENIED)):
        request = await place.asked()
        assert place.desk.lets_channel(request)
        assert await place.says(request, allow=allow) == {"ok": True}
        approval = await place.approvals.get(request.id)
        assert approval is not None
        assert approval.grant is not None
        assert (approval.state, approval.grant.origin, approval.grant.approver) == (
            state,
            "channel:telegram",
            "Ada by telegram",
        )
    events = [json.loads(body) async for _, body in place.audit.entries()]
    assert [(event["outcome"], event["approver"]) for event in events] == [
        ("allow", "Ada by telegram"),
        ("deny", "Ada by telegram"),
    ]


@pytest.mark.parametrize(
    ("level", "strong", "up_to"),
    [
        (Level.YELLOW_EXTERNAL, False, None),
        (Level.RED, False, Level.YELLOW_EXTERNAL),
        (Level.RED, True, Level.RED),
        (Level.CRITICAL_RED, False, Level.CRITICAL_RED),
    ],
)
async def test_a_button_that_policy_does_not_let_answer_changes_nothing(
    place: Place, level: Level, strong: bool, up_to: Level | None
) -> None:
    await place.pin(up_to)
    request = await place.asked(level, strong=strong)
    assert not place.desk.lets_channel(request)
    for allow in (True, False):
        with pytest.raises(WeakApproverError):
            await place.says(request, allow=allow)
    assert await place.state(request) is ApprovalState.PENDING


async def test_the_key_of_another_edge_answers_nothing_here(place: Place) -> None:
    await place.pin(Level.RED, SigningKey(b"5" * 32))
    with pytest.raises(WeakApproverError, match="lets no chat channel"):
        await place.says(await place.asked())


async def test_a_key_that_is_pinned_under_another_name_is_no_channels(place: Place) -> None:
    pinned = ApproverKey(key_id(KeyKind.HUB, EDGE.verify_key), KeyKind.CHANNEL, bytes(EDGE.verify_key).hex(), Level.RED)
    await place.in_force.activate(
        TrustedBundle(policy(approvers=(pinned,)), {}, {}, {}, (), expires=place.now[0] + 1000)
    )
    request = await place.asked()
    assert not place.desk.lets_channel(request)
    with pytest.raises(WeakApproverError, match="lets no chat channel approve"):
        await place.says(request)
    assert await place.state(request) is ApprovalState.PENDING


async def test_a_button_answers_one_open_question_once(place: Place) -> None:
    await place.pin(Level.RED)
    with pytest.raises(MismatchedGrantError, match="nothing was asked"):
        await place.says(question("acme"))
    request = await place.asked()
    for _ in range(2):
        assert await place.says(request) == {"ok": True}
    with pytest.raises(ReplayedGrantError, match="is granted already"):
        await place.says(request, allow=False)
    late = await place.asked()
    place.now[0] = late.expires + 1
    with pytest.raises(ExpiredGrantError):
        await place.says(late)


async def test_a_yes_that_could_not_be_used_any_more_is_refused_at_once(place: Place) -> None:
    await place.pin(Level.RED)
    request = replace(await place.asked(), id=RequestId("e" * 32), action_digest=Digest("d" * 64), revision="another")
    await place.approvals.open_request(request)
    with pytest.raises(MismatchedGrantError, match="the policy has changed since"):
        await place.says(request)
    assert await place.says(request, allow=False) == {"ok": True}


async def test_without_a_policy_no_button_answers(place: Place) -> None:
    request = await place.asked()
    assert not place.desk.lets_channel(request)
    with pytest.raises(NoPolicyError):
        await place.says(request)


async def test_a_decision_is_told_again_until_it_is_acknowledged(place: Place) -> None:
    await place.pin(Level.RED)
    request = await place.asked()
    assert await place.told(request) == []
    await place.says(request)
    answer = await place.desk.decided(Poll((request.agent,), 0.0, ()), Caller())
    told = {"id": request.id, "agent": request.agent, "session": request.session, "tool": request.tool}
    assert answer == {"decided": [{**told, "state": "granted"}]}
    assert await place.told(request) == ["granted"]
    assert await place.told(request, Asker(request.id, request.session)) == []


async def test_a_poll_is_answered_at_once_when_somebody_decides(place: Place) -> None:
    await place.pin(Level.RED)
    request = await place.asked()
    poll = asyncio.create_task(place.told(request, wait=3600.0))
    await asyncio.sleep(0.02)
    await place.says(request, allow=False)
    assert await poll == ["denied"]


async def test_a_permission_that_nobody_used_in_time_is_told_as_expired(place: Place) -> None:
    await place.pin(Level.RED)
    request = await place.asked()
    await place.says(request)
    place.now[0] += USE_SECONDS
    assert await place.told(request) == ["granted"]
    place.now[0] += 1
    assert await place.told(request) == ["expired"]


async def test_a_permission_of_an_earlier_policy_is_told_as_expired(place: Place) -> None:
    request = await place.asked()
    await place.approvals.settle(signed_grant(EDGE, request), place.now[0])
    assert await place.told(request) == ["expired"], "no policy is in force: nothing may run"
    await place.in_force.activate(TrustedBundle(policy(revision="another"), {}, {}, {}, ()))
    assert await place.told(request) == ["expired"]
    await place.pin(Level.RED)
    assert await place.told(request) == ["granted"]


async def test_a_question_that_was_taken_back_is_told_as_expired(place: Place) -> None:
    request = await place.asked()
    await place.approvals.close(request.id, ApprovalState.CANCELLED)
    assert await place.told(request) == ["expired"]


async def test_whoever_leaves_a_poll_gets_nothing_and_loses_nothing(place: Place) -> None:
    await place.pin(Level.RED)
    request, caller = await place.asked(), Caller()
    poll = asyncio.create_task(place.desk.decided(Poll((AgentId(request.agent),), 60.0, ()), caller))
    await asyncio.sleep(0.02)
    caller.leave()
    assert await poll == {"decided": []}
    await place.says(request)
    assert await place.told(request) == ["granted"]


async def test_what_the_caller_waited_for_is_not_told_again(place: Place) -> None:
    """The quick answer inside of a turn, and the same when the caller has gone before it came."""
    await place.pin(Level.RED)
    services = Services(None, place.audit, place.approvals, None)  # type: ignore[arg-type]
    for gone in (False, True):
        request, caller = await place.asked(), Caller()
        wait = handlers(services, caller=caller)[effects.AwaitDecision]
        waiting = asyncio.ensure_future(wait(effects.AwaitDecision(request.id, 60.0, request.session)))
        poll = asyncio.create_task(place.told(request, wait=60.0 if gone else 0.2))
        await asyncio.sleep(0.02)
        if gone:
            caller.leave()
        await place.says(request)
        await waiting
        assert await poll == (["granted"] if gone else [])
