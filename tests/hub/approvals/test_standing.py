"""Edits, outward grants and reports at the hub: signed, once, for their own tenant, and shown as the edge has it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from hub.approvals import editing, reports, standing
from hub.approvals.answering import answer
from hub.approvals.approver import Approver
from hub.approvals.questions import find
from hub.approvals.standing import Terms
from hub.errors import ConflictError, NotFoundError
from safety_core.edge.hub import HubClient
from safety_core.edits import check_edit
from safety_core.errors import ForgedGrantError, InputError, LimitError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import (
    ApprovalRequest,
    ApprovalState,
    Assertion,
    Edit,
    Report,
    RequestId,
    StandingGrant,
    StandingReport,
    Withdrawal,
)
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.model.tool_call import TenantId
from safety_core.standing import check_standing, standing_bytes
from safety_core.wire.feed import EDIT_BYTES, Told
from tests.hub.approvals.test_answering import with_passkey
from tests.simulators.hub import START, RunningHub, json_of, question
from tests.simulators.policies import policy

OLGA = Approver(TenantId("acme"), "Olga", "console")
ANNA = "anna@x.example"


async def asked(edge: HubClient, **given: Any) -> ApprovalRequest:
    request = question(**given)
    await edge.push_approval(request)
    return request


async def mail(edge: HubClient, **given: Any) -> ApprovalRequest:
    known: dict[str, Any] = {"outward": True, "level": Level.YELLOW_EXTERNAL, "recipients": (ANNA, "telegram")}
    return await asked(edge, tool="message", **{**known, **given})


def pinning(hub: RunningHub, **more: Any) -> Any:
    keys = hub.context.keys
    key = ApproverKey(keys.approvals_id, KeyKind.HUB, keys.approvals_public, Level.RED, **more)
    return policy(tenant=TenantId("acme"), approvers=(key,))


async def state(hub: RunningHub, request: ApprovalRequest) -> ApprovalState:
    return (await find(hub.context, request.tenant, request.id)).state


def report(request: ApprovalRequest, now: ApprovalState, by: str = "", at: float = START, **more: Any) -> Report:
    return Report(request.id, now, by, at, **more)


async def test_an_edit_goes_to_the_edge_signed_and_the_question_stays_open(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    await editing.edit(hub.context, OLGA, request.id, {"command": "ls"})
    (edit,) = (await edge.decisions(0)).items
    assert isinstance(edit, Edit)
    assert (edit.params, edit.approver, edit.origin) == ({"command": "ls"}, "Olga", "console")
    assert check_edit(edit, request, pinning(hub)).kind is KeyKind.HUB
    assert await state(hub, request) is ApprovalState.PENDING
    sent = await editing.sent(hub.context, request.tenant, request.id)
    assert sent is not None
    assert (sent.edit, sent.refused) == (edit, None)
    with pytest.raises(ConflictError, match="is being changed already"):
        await editing.edit(hub.context, OLGA, request.id, {"command": "ls -l"})


async def test_a_call_that_is_being_changed_can_be_denied_but_not_approved(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request, other = await asked(edge), await asked(edge)
    for each in (request, other):
        await editing.edit(hub.context, OLGA, each.id, {"command": "ls"})
    with pytest.raises(ConflictError, match="is being changed by Olga"):
        await answer(hub.context, OLGA, request.id, allow=True)
    assert (await answer(hub.context, OLGA, other.id, allow=False)).state is ApprovalState.DENIED
    await edge.push_reports(Told((report(request, ApprovalState.PENDING, refused="floor: x"),)))
    assert (await answer(hub.context, OLGA, request.id, allow=True)).state is ApprovalState.GRANTED


async def test_an_edit_that_the_edge_refused_is_shown_and_another_may_follow(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    await editing.edit(hub.context, OLGA, request.id, {"command": "ls"})
    told = report(request, ApprovalState.PENDING, refused="floor: no_audit_tampering")
    for _ in range(2):
        await edge.push_reports(Told((told,)))
    sent = await editing.sent(hub.context, request.tenant, request.id)
    assert sent is not None
    assert sent.refused == "floor: no_audit_tampering"
    assert await state(hub, request) is ApprovalState.PENDING
    assert await reports.of(hub.context, request.tenant, [request.id]) == {}
    hub.clock.now += 1
    await editing.edit(hub.context, OLGA, request.id, {"command": "ls -l"})
    newest = await editing.sent(hub.context, request.tenant, request.id)
    assert newest is not None
    assert (newest.edit.params, newest.refused) == ({"command": "ls -l"}, None)


async def test_what_cannot_be_an_edit_is_none(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    with pytest.raises(InputError, match="same as before"):
        await editing.edit(hub.context, OLGA, request.id, request.params)
    with pytest.raises(LimitError):
        await editing.edit(hub.context, OLGA, request.id, {"command": "x" * EDIT_BYTES})
    with pytest.raises(InputError):
        await editing.edit(hub.context, OLGA, request.id, {"command": "\ud800"})
    with pytest.raises(NotFoundError):
        await editing.edit(hub.context, replace(OLGA, tenant=TenantId("other")), request.id, {"command": "ls"})
    hub.clock.now = request.expires + 1
    with pytest.raises(ConflictError, match="is expired"):
        await editing.edit(hub.context, OLGA, request.id, {"command": "ls"})
    assert (await edge.decisions(0)).items == ()


async def test_of_edits_at_the_same_moment_one_is_sent(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    tries = [editing.edit(hub.context, OLGA, request.id, {"command": f"ls {number}"}) for number in range(8)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [ConflictError] * 7
    assert len((await edge.decisions(0)).items) == 1


async def test_a_page_of_the_feed_is_no_larger_than_an_edge_reads(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.approvals.feed.PAGE_BYTES", 3000)
    edge = await small_hub.edge("acme")
    for number in range(4):
        request = await asked(edge)
        await editing.edit(small_hub.context, OLGA, request.id, {"command": f"echo {number} {'x' * 1000}"})
    seen, after, pages = [], 0, 0
    while (page := await edge.decisions(after)).items:
        assert len(page.items) <= 2
        seen += [item.params["command"][5] for item in page.items if isinstance(item, Edit)]  # type: ignore[index]
        after, pages = page.next, pages + 1
    assert (seen, pages) == (["0", "1", "2", "3"], 2)


async def test_who_changed_a_call_is_known_of_the_one_that_follows(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    after = {"command": "ls"}
    request = await asked(edge, params={"command": "rm"}, level=Level.RED)
    await editing.edit(hub.context, OLGA, request.id, after)
    instead = await asked(edge, params=after, level=Level.YELLOW, edited_from=request.id)
    await edge.push_reports(Told((report(request, ApprovalState.CANCELLED, "Olga", replaced=instead.id),)))
    assert await editing.changed_by(hub.context, instead) == "Olga"
    assert await editing.changed_by(hub.context, request) == ""
    stray = await asked(edge, edited_from=RequestId("f" * 32))
    assert await editing.changed_by(hub.context, stray) == ""
    assert await state(hub, request) is ApprovalState.CANCELLED
    ((found,),) = (await reports.of(hub.context, request.tenant, [request.id])).values()
    assert (found.by, found.replaced) == ("Olga", instead.id)


async def test_an_outward_grant_from_a_card_is_signed_sent_listed_and_withdrawn(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await mail(edge)
    assert standing.offered(request) == (ANNA, "telegram", "@x.example")
    made = await standing.make(hub.context, OLGA, request.id, Terms("@x.example", START + 3600, 5))
    (item,) = (await edge.decisions(0)).items
    assert item == made
    assert isinstance(item, StandingGrant)
    assert (item.agent, item.tool, item.recipient, item.uses) == (request.agent, "message", "@x.example", 5)
    check_standing(item, pinning(hub, outward_seconds=3600), START)
    await edge.push_reports(Told((), (StandingReport(made.id, 4, ""),)))
    (shown,) = await standing.listed(hub.context, [request.tenant])
    assert (shown.grant, shown.request, shown.remaining, shown.ended, shown.withdrawn) == (
        made,
        request.id,
        4,
        None,
        None,
    )
    for _ in range(2):
        await standing.withdraw(hub.context, OLGA, made.id)
    assert (await edge.decisions(0)).items == (made, Withdrawal(made.id))
    (shown,) = await standing.listed(hub.context, [request.tenant])
    assert (shown.withdrawn, shown.withdrawn_by) == (START, "Olga")
    hub.clock.now = made.not_after + 1
    assert await standing.listed(hub.context, [request.tenant]) == ()
    assert len(await standing.listed(hub.context, [request.tenant], past=True)) == 1


def test_everybody_who_has_an_address_somewhere_is_offered_on_no_card() -> None:
    names = ("ada@GMAIL.com", "bert@x.example", "hooks.y.example", "@", "c@")
    asked = question(recipients=names, outward=True, level=Level.YELLOW_EXTERNAL)
    assert standing.offered(asked) == (*names, "@x.example")


async def test_nobody_makes_or_ends_one_for_another_tenant(hub: RunningHub) -> None:
    edge, other = await hub.edge("acme"), await hub.edge("other")
    request = await mail(edge)
    made = await standing.make(hub.context, OLGA, request.id, Terms(ANNA, START + 3600, 5))
    stranger = Approver(TenantId("other"), "Olga", "console")
    with pytest.raises(NotFoundError):
        await standing.make(hub.context, stranger, request.id, Terms(ANNA, START + 3600, 5))
    with pytest.raises(NotFoundError):
        await standing.withdraw(hub.context, stranger, made.id)
    assert await standing.listed(hub.context, [TenantId("other")]) == ()
    await other.push_reports(
        Told((report(request, ApprovalState.DENIED, "Mallory"),), (StandingReport(made.id, 0, "x"),))
    )
    assert await state(hub, request) is ApprovalState.PENDING
    (shown,) = await standing.listed(hub.context, [request.tenant])
    assert (shown.remaining, shown.ended) == (None, None)
    assert (await other.decisions(0)).items == ()


@pytest.mark.parametrize(
    ("given", "terms"),
    [
        ({}, Terms("spy@evil.example", START + 60, 1)),
        ({}, Terms("@evil.example", START + 60, 1)),
        ({}, Terms("", START + 60, 1)),
        ({"outward": False}, Terms(ANNA, START + 60, 1)),
        ({"level": Level.RED}, Terms(ANNA, START + 60, 1)),
        ({}, Terms(ANNA, START, 1)),
        ({}, Terms(ANNA, START + 400 * 24 * 3600, 1)),
        ({}, Terms(ANNA, START + 60, 0)),
        ({}, Terms(ANNA, START + 60, 1001)),
    ],
)
async def test_a_grant_beyond_its_card_is_not_made(small_hub: RunningHub, given: dict[str, Any], terms: Terms) -> None:
    edge = await small_hub.edge("acme")
    request = await mail(edge, **given)
    with pytest.raises(InputError):
        await standing.make(small_hub.context, OLGA, request.id, terms)
    assert (await edge.decisions(0)).items == ()


async def test_a_passkey_that_the_hub_does_not_know_makes_none(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    request = await mail(edge)
    terms = Terms(ANNA, START + 60, 1)
    with pytest.raises(NotFoundError, match="is not one of yours"):
        await standing.draft(small_hub.context, OLGA, request.id, "credential", terms)
    made = await standing.make(small_hub.context, OLGA, request.id, terms)
    unsigned = replace(made, signature="")
    junk = Assertion(b"1", b"2", b"3")
    with pytest.raises(ForgedGrantError):
        await standing.make_signed(small_hub.context, OLGA, request.id, unsigned, junk)
    with pytest.raises(MismatchedGrantError):
        await standing.make_signed(small_hub.context, OLGA, request.id, replace(unsigned, tool="exec"), junk)


async def test_a_passkey_makes_one_that_the_hub_could_not(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await mail(edge)
    olga, credential = await with_passkey(hub)
    terms = Terms(ANNA, START + 60, 1)
    draft = await standing.draft(hub.context, OLGA, request.id, credential, terms)
    assert draft.challenge == hashlib.sha256(standing_bytes(draft.grant)).digest()
    assertion = olga.assertion(standing_bytes(draft.grant))
    for wrong in (replace(draft.grant, uses=9), replace(draft.grant, recipient="@x.example")):
        with pytest.raises(MismatchedGrantError):
            await standing.make_signed(hub.context, OLGA, request.id, wrong, assertion)
    made = await standing.make_signed(hub.context, OLGA, request.id, draft.grant, assertion)
    assert (await edge.decisions(0)).items == (made,)
    pinned = replace(olga.pinned, outward_seconds=60)
    check_standing(made, policy(tenant=TenantId("acme"), approvers=(pinned,)), START)
    with pytest.raises(ConflictError, match="has been made already"):
        await standing.make_signed(hub.context, OLGA, request.id, draft.grant, assertion)
    hub.clock.now += 7200
    late = await standing.draft(hub.context, OLGA, request.id, credential, Terms(ANNA, START + 9000, 1))
    hub.clock.now += 3700
    with pytest.raises(InputError):
        await standing.make_signed(
            hub.context, OLGA, request.id, late.grant, olga.assertion(standing_bytes(late.grant))
        )


async def test_one_that_the_published_policy_would_not_let_hold_is_not_made(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = await small_hub.edge("acme")
    request = await mail(edge)

    async def published(_context: object, _tenant: object) -> Any:
        return pinning(small_hub, outward_seconds=60)

    monkeypatch.setattr("hub.approvals.standing.policy_of", published)
    with pytest.raises(WeakApproverError):
        await standing.make(small_hub.context, OLGA, request.id, Terms(ANNA, START + 61, 1))
    assert await standing.make(small_hub.context, OLGA, request.id, Terms(ANNA, START + 60, 1))


async def test_a_question_that_a_chat_answered_is_no_longer_open(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    by = "Ada by telegram"
    granted, used = report(request, ApprovalState.GRANTED, by), report(request, ApprovalState.USED, by, START + 60)
    await edge.push_reports(Told((granted,)))
    assert await state(hub, request) is ApprovalState.GRANTED
    for _ in range(2):
        await edge.push_reports(Told((granted, used)))
    assert await state(hub, request) is ApprovalState.USED
    assert (await reports.of(hub.context, request.tenant, [request.id]))[request.id] == (granted, used)


@pytest.mark.parametrize("end", [ApprovalState.DENIED, ApprovalState.EXPIRED, ApprovalState.CANCELLED])
async def test_whatever_ends_a_question_at_its_edge_ends_it_here(hub: RunningHub, end: ApprovalState) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    await edge.push_reports(Told((report(request, end),)))
    assert await state(hub, request) is end
    await edge.push_reports(Told((report(request, ApprovalState.USED, at=START + 1),)))
    assert await state(hub, request) is end, "nothing follows an end"


async def test_a_report_may_skip_a_state_that_a_backup_lost(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    await edge.push_reports(Told((report(request, ApprovalState.USED, "Ada"),)))
    assert await state(hub, request) is ApprovalState.USED


async def test_where_hub_and_chat_answered_at_once_both_are_shown(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    approver = await hub.approver("acme")
    answer = await approver.post(f"/v1/approvals/{request.id}/decision", json={"allow": False})
    assert answer.status_code == 200
    await edge.push_reports(Told((report(request, ApprovalState.GRANTED, "Ada by telegram"),)))
    assert await state(hub, request) is ApprovalState.DENIED
    ((found,),) = (await reports.of(hub.context, request.tenant, [request.id])).values()
    assert (found.state, found.by) == (ApprovalState.GRANTED, "Ada by telegram")


async def test_a_report_about_nothing_or_with_odd_letters_harms_nobody(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    request = await asked(edge)
    await edge.push_reports(
        Told((report(question(), ApprovalState.USED), report(request, ApprovalState.DENIED, "\x00")))
    )
    assert await state(hub, request) is ApprovalState.DENIED


async def test_the_same_by_http(hub: RunningHub) -> None:
    edge, approver = await hub.edge("acme"), await hub.approver("acme")
    request = await mail(edge)
    assert (await approver.post(f"/v1/approvals/{request.id}/edit", json={"params": {"to": ANNA}})).status_code == 202
    terms = {"recipient": ANNA, "not_after": START + 60, "uses": 3}
    made = await approver.post(f"/v1/approvals/{request.id}/outward", json=terms)
    assert made.status_code == 201
    grant = json_of(made)["grant"]
    assert (grant["recipient"], grant["origin"], grant["approver"]) == (ANNA, "api", "Olga")
    listed = json_of(await approver.get("/v1/outward"))["outward"]
    assert [item["grant"] for item in listed] == [grant]
    assert (await approver.post(f"/v1/outward/{grant['id']}/withdraw")).status_code == 200
    assert [type(item) for item in (await edge.decisions(0)).items] == [Edit, StandingGrant, Withdrawal]


async def test_none_of_it_without_a_token_or_a_signature(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    request = await mail(edge)
    nobody = small_hub.http()
    for path, body in (
        (f"/v1/approvals/{request.id}/edit", {"params": {}}),
        (f"/v1/approvals/{request.id}/outward", {"recipient": ANNA, "not_after": 1, "uses": 1}),
        ("/v1/outward/x/withdraw", {}),
        ("/v1/approvals/reports", {"reports": []}),
    ):
        assert (await nobody.post(path, content=json.dumps(body))).status_code in {400, 401}
    assert (await nobody.get("/v1/outward")).status_code == 401
    forger = small_hub.client("acme", SigningKey.generate())
    with pytest.raises(Exception, match="sign"):
        await forger.push_reports(Told((report(request, ApprovalState.DENIED),)))
    assert await state(small_hub, request) is ApprovalState.PENDING
