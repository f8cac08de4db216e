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

from hub.approvals import answering, reports, standing
from hub.approvals.approver import Approver
from hub.approvals.questions import find
from hub.approvals.standing import Terms
from hub.keys import load_keys
from proxy.background.approvals import Inbox, Outbox, Sweep
from proxy.calls.changes import Changes
from proxy.calls.grants import Grants
from proxy.calls.outward import Outward
from proxy.effects import Services
from proxy.errors import NoPolicyError
from proxy.force import InForce
from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import canonical_bytes
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.hub import HubClient
from safety_core.edge.rego import RegoEngine
from safety_core.edge.standing import StandingStore
from safety_core.errors import BusyError, InputError, RefusedError, UnavailableError
from safety_core.model.approval import USE_SECONDS, ApprovalRequest, ApprovalState
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.wire.approvals import request_to_json
from tests.simulators.hub import RunningHub, question, running_hub
from tests.simulators.policies import policy, signed_grant

SECRET = "plainly-invented-" + "Zx9w"


def scrub(text: str) -> str:
    return text.replace(SECRET, "SECRET_REF(x)")


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
        self.standing = StandingStore(self.approvals.database, self.approvals.news)
        self.outward = Outward(self.standing, self.audit, self.in_force)
        self.outbox = Outbox(self.approvals, self.standing, self.client, scrub)
        services = Services(None, self.audit, self.approvals, None)  # type: ignore[arg-type]
        changes = Changes(services, self.in_force, "/srv/agent")
        grants = Grants(self.approvals, self.audit, self.in_force)
        self.inbox = Inbox(self.approvals, grants, changes, self.outward, self.client)

    async def pin(self, public: str | None = None) -> None:
        """Put a policy in force that pins the hub's key, or another."""
        keys = load_keys(self.hub.context.settings.data / "keys")
        key = ApproverKey(
            keys.approvals_id, KeyKind.HUB, public or keys.approvals_public, Level.RED, outward_seconds=86400
        )
        rules = policy(approvers=(key,), tenant=TenantId("acme"))
        await self.in_force.activate(TrustedBundle(rules, {}, {}, {}, ()))

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
        await Outbox(desk.approvals, desk.standing, away, scrub).send()
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


async def test_a_question_that_nobody_could_be_told_is_none_and_holds_up_no_other(desk: Desk) -> None:
    odd = replace(question("acme", now=desk.hub.clock()), params={"command": "ls", "limit": 1e18})
    with pytest.raises(InputError, match="call: holds a whole number past"):
        await desk.approvals.open_request(odd)
    assert await desk.approvals.pending() == ()
    kept = await desk.asked(agent=AgentId("other"))
    body = canonical_bytes(request_to_json(odd))  # as an earlier version kept it
    row = "INSERT INTO approval (ordinal, id, digest, state, request) VALUES (0, ?, ?, 'pending', ?)"
    await desk.approvals.database.write(lambda db: db.execute(row, (odd.id, odd.action_digest, body)))
    with pytest.raises(InputError):
        await desk.outbox.send()
    assert [request.id for request in await desk.approvals.unsent()] == [odd.id]
    assert kept.id != odd.id


async def test_a_question_nobody_answered_ends(desk: Desk) -> None:
    late = question("acme", now=time.time() - 2 * 86400)
    await desk.approvals.open_request(late)
    fresh = await desk.asked()
    await Sweep(desk.approvals, desk.outward).expire()
    assert await desk.state(late) is ApprovalState.EXPIRED
    assert await desk.state(fresh) is ApprovalState.PENDING


OLGA = Approver(TenantId("acme"), "Olga", "console")


async def test_a_permission_that_nobody_used_ends_and_the_hub_hears_of_it(desk: Desk) -> None:
    await desk.pin()
    request = await desk.asked()
    await desk.outbox.send()
    await desk.answer(request)
    await desk.inbox.receive()
    await Sweep(desk.approvals, desk.outward).expire()
    assert await desk.state(request) is ApprovalState.GRANTED
    approval = await desk.approvals.get(request.id)
    assert approval is not None
    await desk.approvals.database.write(
        lambda db: db.execute("UPDATE approval SET received = ?", (approval.received - USE_SECONDS - 1,))
    )
    await Sweep(desk.approvals, desk.outward).expire()
    assert await desk.state(request) is ApprovalState.EXPIRED
    await desk.outbox.send()
    assert (await find(desk.hub.context, request.tenant, request.id)).state is ApprovalState.EXPIRED
    told = (await reports.of(desk.hub.context, request.tenant, [request.id]))[request.id]
    assert [(report.state.value, report.by) for report in told] == [("granted", "Olga"), ("expired", "")]


async def test_what_became_of_a_question_waits_for_the_hub_and_is_told_after_it(desk: Desk) -> None:
    await desk.pin()
    request = await desk.asked()
    keys = load_keys(desk.hub.context.settings.data / "keys")
    grant = signed_grant(keys.approvals, request, key=keys.approvals_id, approver="Ada by telegram")
    away = HubClient("http://127.0.0.1:9", desk.client.tenant, desk.client.key)
    await desk.outbox.send()
    await desk.inbox.take_up(grant)
    await desk.approvals.use(grant)
    with pytest.raises(UnavailableError):
        await Outbox(desk.approvals, desk.standing, away, scrub).send()
    await away.close()
    await desk.outbox.send()
    assert await desk.approvals.reports() == (0, ())
    assert (await find(desk.hub.context, request.tenant, request.id)).state is ApprovalState.USED


async def test_a_question_that_is_cancelled_at_the_hub_ends_here(desk: Desk) -> None:
    await desk.pin()
    request = await desk.asked()
    await desk.outbox.send()
    await answering.cancel(desk.hub.context, OLGA, request.id)
    await desk.inbox.receive()
    assert await desk.state(request) is ApprovalState.CANCELLED
    assert await desk.events() == [("cancelled", "Olga", ())]


async def test_an_outward_grant_comes_from_the_hub_and_goes_at_its_word(desk: Desk) -> None:
    await desk.pin()
    request = await desk.asked(tool="message", outward=True, level=Level.YELLOW_EXTERNAL, recipients=("a@x.example",))
    await desk.outbox.send()
    now = desk.hub.clock()
    made = await standing.make(desk.hub.context, OLGA, request.id, Terms("a@x.example", now + 3600, 2))
    long = await standing.make(desk.hub.context, OLGA, request.id, Terms("a@x.example", now + 90000, 2))
    await desk.inbox.receive()
    assert await desk.standing.recall(made.agent, "message", now) == (made,)
    await desk.standing.use((made.id,), now)
    await desk.outbox.send()
    shown = {item.grant.id: item for item in await standing.listed(desk.hub.context, [request.tenant])}
    assert (shown[made.id].remaining, shown[made.id].ended) == (1, None)
    assert (shown[long.id].remaining, shown[long.id].ended) == (0, "WeakApproverError")
    await standing.withdraw(desk.hub.context, OLGA, made.id)
    await desk.inbox.receive()
    assert await desk.standing.recall(made.agent, "message", now) == ()
    await desk.outbox.send()
    shown = {item.grant.id: item for item in await standing.listed(desk.hub.context, [request.tenant])}
    assert shown[made.id].ended == "withdrawn"
    assert await desk.standing.untold() == ()
    outcomes = [(outcome, rules) for outcome, _, rules in await desk.events()]
    assert outcomes == [("made", ()), ("dropped", ("WeakApproverError",)), ("withdrawn", ())]


async def test_an_outward_grant_of_before_a_restore_counts_for_nothing(desk: Desk) -> None:
    """The hub tells a restored edge all that its backup does not know, and nobody here knows what was used of it."""
    await desk.pin()
    request = await desk.asked(tool="message", outward=True, level=Level.YELLOW_EXTERNAL, recipients=("a@x.example",))
    await desk.outbox.send()
    now = desk.hub.clock()
    made = await standing.make(desk.hub.context, OLGA, request.id, Terms("a@x.example", now + 3600, 2))
    await desk.approvals.database.write(lambda db: db.execute("INSERT INTO restored VALUES (1, ?)", (now,)))
    await desk.inbox.receive()
    assert await desk.standing.recall(made.agent, "message", now) == ()
    await desk.outbox.send()
    shown = {item.grant.id: item for item in await standing.listed(desk.hub.context, [request.tenant])}
    assert (shown[made.id].remaining, shown[made.id].ended) == (0, "ExpiredGrantError")


async def test_no_secret_leaves_in_the_name_of_who_answered_in_a_chat(desk: Desk) -> None:
    await desk.pin()
    request = await desk.asked()
    await desk.outbox.send()
    keys = load_keys(desk.hub.context.settings.data / "keys")
    who = f"{SECRET} by telegram" + "x" * 300
    await desk.inbox.take_up(signed_grant(keys.approvals, request, key=keys.approvals_id, approver=who))
    await desk.outbox.send()
    ((told,),) = (await reports.of(desk.hub.context, request.tenant, [request.id])).values()
    assert told.by.startswith("SECRET_REF(x) by telegram")


class Crowded:
    """A hub that has too many questions of one agent."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.tried: list[str] = []

    async def push_approval(self, request: ApprovalRequest) -> ApprovalState:
        self.tried.append(request.agent)
        if request.agent == self.agent:
            raise BusyError("hub: agent", "too many open questions")
        return ApprovalState.PENDING

    async def push_reports(self, _reports: object) -> None:
        return None


async def test_an_agent_that_asks_too_much_holds_up_no_other(desk: Desk) -> None:
    for agent in ("shop", "shop", "other", "shop"):
        await desk.asked(agent=AgentId(agent))
    crowded = Crowded("shop")
    with pytest.raises(BusyError):
        await replace(desk.outbox, hub=crowded).send()
    assert crowded.tried == ["shop", "other"]
    assert [request.agent for request in await desk.approvals.unsent()] == ["shop"] * 3
