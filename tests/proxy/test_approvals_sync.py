"""Questions reach the hub, answers reach the edge, and only genuine ones count; each once, over any outage."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from nacl.signing import SigningKey

from hub.keys import load_keys
from proxy.background.approvals import Inbox, Outbox, Sweep
from proxy.calls.grants import Grants
from proxy.errors import NoPolicyError
from proxy.force import InForce
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.hub import HubClient
from safety_core.edge.rego import RegoEngine
from safety_core.errors import RefusedError, UnavailableError
from safety_core.model.approval import ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from tests.simulators.hub import RunningHub, question, running_hub
from tests.simulators.policies import policy, signed_grant


@dataclass
class Desk:
    """The edge's side and the approver's side of one hub."""

    hub: RunningHub
    approvals: ApprovalStore
    audit: AuditLog
    in_force: InForce
    client: HubClient
    approver: httpx2.AsyncClient

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.approvals, self.client)
        self.inbox = Inbox(self.approvals, Grants(self.approvals, self.audit, self.in_force), self.client)

    async def pin(self, public: str | None = None) -> None:
        """Put a policy in force that pins the hub's key, or another."""
        keys = load_keys(self.hub.context.settings.data / "keys")
        key = ApproverKey(keys.approvals_id, KeyKind.HUB, public or keys.approvals_public, Level.RED)
        await self.in_force.activate(TrustedBundle(policy(approvers=(key,)), {}, {}, {}, ()))

    async def asked(self, **given: Any) -> ApprovalRequest:
        request = question("acme", now=self.hub.clock(), **given)
        await self.approvals.open_request(request)
        return request

    async def answer(self, request: ApprovalRequest, *, allow: bool = True) -> None:
        answer = await self.approver.post(f"/v1/approvals/{request.id}/decision", json={"allow": allow})
        assert answer.status_code == 200, answer.text

    async def state(self, request: ApprovalRequest) -> ApprovalState:
        approval = await self.approvals.get(request.id)
        assert approval is not None
        return approval.state

    async def events(self) -> list[tuple[str, str, tuple[str, ...]]]:
        events = [json.loads(body) async for _, body in self.audit.entries()]
        return [(event["outcome"], event["approver"], tuple(event["rules"])) for event in events]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_hub(tmp_path / "hub") as hub:
        hub.clock.now = time.time()
        approvals = ApprovalStore.open(tmp_path / "edge.db")
        audit = await AuditLog.open(tmp_path / "audit.db", SigningKey(b"1" * 32))

        async def start(bundle: TrustedBundle) -> RegoEngine:
            return RegoEngine()

        client = await hub.edge("acme")
        yield Desk(hub, approvals, audit, InForce(start, 0.0), client, await hub.approver("acme"))
        await approvals.aclose()
        await audit.aclose()


async def test_a_question_goes_out_and_its_answer_comes_back(desk: Desk) -> None:
    await desk.pin()
    for allow, state in ((True, ApprovalState.GRANTED), (False, ApprovalState.DENIED)):
        request = await desk.asked()
        await desk.outbox.send()
        assert await desk.approvals.unsent() == ()
        await desk.answer(request, allow=allow)
        await desk.inbox.receive()
        assert await desk.state(request) is state
    assert await desk.events() == [("allow", "Olga", ()), ("deny", "Olga", ())]


async def test_nothing_is_taken_up_twice(desk: Desk) -> None:
    await desk.pin()
    request = await desk.asked()
    for _ in range(2):
        await desk.outbox.send()
    await desk.answer(request)
    await desk.inbox.receive()
    cursor = await desk.approvals.cursor()
    await desk.inbox.receive()
    assert await desk.approvals.cursor() == cursor > 0
    approval = await desk.approvals.get(request.id)
    assert approval is not None
    assert approval.grant is not None
    await desk.inbox.take_up(approval.grant)
    assert len(await desk.events()) == 1


async def test_an_answer_by_a_key_that_no_policy_pins_is_recorded_and_dropped(desk: Desk) -> None:
    await desk.pin(public=SigningKey(b"2" * 32).verify_key.encode().hex())
    request = await desk.asked()
    await desk.outbox.send()
    await desk.answer(request)
    await desk.inbox.receive()
    assert await desk.state(request) is ApprovalState.PENDING
    assert await desk.events() == [("dropped", "", ("ForgedGrantError",))]
    assert await desk.approvals.cursor() > 0


async def test_an_answer_to_a_closed_or_unknown_question_changes_nothing(desk: Desk) -> None:
    await desk.pin()
    key = load_keys(desk.hub.context.settings.data / "keys")
    request = await desk.asked()
    grant = signed_grant(key.approvals, request, key=key.approvals_id)
    await desk.inbox.take_up(signed_grant(key.approvals, question("acme"), key=key.approvals_id))
    await desk.approvals.close(request.id)
    await desk.inbox.take_up(grant)
    assert await desk.state(request) is ApprovalState.EXPIRED
    assert await desk.events() == []


async def test_answers_wait_until_a_policy_says_whose_they_may_be(desk: Desk) -> None:
    request = await desk.asked()
    await desk.outbox.send()
    await desk.answer(request)
    with pytest.raises(NoPolicyError):
        await desk.inbox.receive()
    await desk.pin()
    await desk.inbox.receive()
    assert await desk.state(request) is ApprovalState.GRANTED


async def test_an_outage_loses_no_question(desk: Desk) -> None:
    away = HubClient("http://127.0.0.1:9", desk.client.tenant, desk.client.key)
    await desk.asked()
    with pytest.raises(UnavailableError):
        await Outbox(desk.approvals, away).send()
    await away.close()
    assert len(await desk.approvals.unsent()) == 1
    await desk.outbox.send()
    assert await desk.approvals.unsent() == ()


async def test_a_question_that_the_hub_refuses_holds_up_no_other(desk: Desk) -> None:
    refused = await desk.asked()
    stranger = replace(question("other"), id=refused.id[::-1])
    await desk.approvals.open_request(stranger)
    await desk.asked()
    with pytest.raises(RefusedError):
        await desk.outbox.send()
    assert await desk.approvals.unsent() == (stranger,)


async def test_a_question_nobody_answered_ends(desk: Desk) -> None:
    late = question("acme", now=time.time() - 2 * 86400)
    await desk.approvals.open_request(late)
    fresh = await desk.asked()
    await Sweep(desk.approvals).expire()
    assert await desk.state(late) is ApprovalState.EXPIRED
    assert await desk.state(fresh) is ApprovalState.PENDING
