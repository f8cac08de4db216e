"""A question goes in once, its first answer wins, and the edge gets a grant that its own checks accept."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from hub.approvals.answering import ANSWERS
from safety_core.approve import TRANSITIONS, grant_bytes, verify_grant, verify_signature
from safety_core.errors import RefusedError
from safety_core.model.approval import ANSWER_SECONDS, Approval, ApprovalRequest, ApprovalState, Grant, KeyId
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.wire.approvals import grant_to_json
from tests.simulators.hub import START, RunningHub, json_of, question


def policy(*keys: ApproverKey) -> Policy:
    pinned: dict[str, Any] = dict.fromkeys(Policy.__dataclass_fields__)
    return Policy(**{**pinned, "approvers": keys})


def hub_key(hub: RunningHub) -> ApproverKey:
    keys = hub.context.keys
    return ApproverKey(keys.approvals_id, KeyKind.HUB, keys.approvals_public, Level.RED)


def own_grant(key: SigningKey, asked: ApprovalRequest, **given: Any) -> Grant:
    fields: dict[str, Any] = {
        "request": asked.id,
        "action_digest": asked.action_digest,
        "revision": asked.revision,
        "allow": True,
        "approver": "Olga",
        "origin": "cli",
        "nonce": secrets.token_hex(16),
        "decided": START,
        "not_after": START + 600,
        "key": KeyId("olga"),
        "signature": "",
    }
    grant = Grant(**{**fields, **given})
    return replace(grant, signature=key.sign(grant_bytes(grant)).signature.hex())


def test_answers_are_moves_that_the_table_knows() -> None:
    assert set(ANSWERS.values()) <= TRANSITIONS[ApprovalState.PENDING]


async def test_an_approval_signed_by_the_hub_passes_the_checks_of_the_edge(hub: RunningHub) -> None:
    edge, asked = await hub.edge("acme"), question()
    assert await edge.push_approval(asked) is ApprovalState.PENDING
    olga = await hub.approver("acme")
    shown = json_of(await olga.get("/v1/approvals", params={"state": "pending"}))
    assert [entry["request"]["id"] for entry in shown["approvals"]] == [asked.id]
    assert shown["approver"] == "Olga"
    answer = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True, "origin": "cli"})
    assert (answer.status_code, json_of(answer)["state"]) == (200, "granted")
    news = await edge.decisions(0)
    (grant,) = news.grants
    approval = Approval(asked, ApprovalState.GRANTED, grant, START)
    assert verify_grant(approval, asked, policy(hub_key(hub)), START + 1) == grant
    assert (grant.approver, grant.origin, grant.allow) == ("Olga", "cli", True)
    assert (await edge.decisions(news.next)).grants == ()


async def test_a_denial_reaches_the_edge_signed(small_hub: RunningHub) -> None:
    edge, asked = await small_hub.edge("acme"), question(strong=True)
    await edge.push_approval(asked)
    olga = await small_hub.approver("acme")
    answer = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": False})
    assert json_of(answer)["state"] == "denied"
    (grant,) = (await edge.decisions(0)).grants
    assert not grant.allow
    verify_signature(grant, asked, policy(hub_key(small_hub)))


async def test_a_question_is_taken_once_and_never_changed(hub: RunningHub) -> None:
    edge, asked = await hub.edge("acme"), question()
    for _ in range(3):
        assert await edge.push_approval(asked) is ApprovalState.PENDING
    with pytest.raises(RefusedError, match="already there with other content"):
        await edge.push_approval(replace(asked, reason="harmless"))
    olga = await hub.approver("acme")
    shown = json_of(await olga.get("/v1/approvals"))["approvals"]
    assert [entry["request"]["reason"] for entry in shown] == [asked.reason]


async def test_a_question_of_another_tenant_cannot_be_put(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    await small_hub.edge("globex")
    with pytest.raises(RefusedError, match="belongs to another tenant"):
        await edge.push_approval(question("globex"))


async def test_of_many_answers_at_once_the_first_one_wins(hub: RunningHub) -> None:
    edge, asked = await hub.edge("acme"), question()
    await edge.push_approval(asked)
    people = [await hub.approver("acme", name) for name in ("Ann", "Bob", "Cem", "Dan", "Eve", "Fay")]
    answers = await asyncio.gather(
        *(
            person.post(f"/v1/approvals/{asked.id}/decision", json={"allow": index % 2 == 0})
            for index, person in enumerate(people)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    winner = json_of(next(answer for answer in answers if answer.status_code == 200))["grant"]["approver"]
    reason = json_of(next(answer for answer in answers if answer.status_code == 409))["error"]["reason"]
    assert reason.endswith(f"by {winner}")
    (grant,) = (await edge.decisions(0)).grants
    assert grant.approver == winner


async def test_the_same_answer_again_is_the_same_grant(hub: RunningHub) -> None:
    edge, asked = await hub.edge("acme"), question()
    await edge.push_approval(asked)
    olga = await hub.approver("acme")
    first = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    hub.clock.now += 5
    again = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    assert json_of(first) == json_of(again)
    changed = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": False})
    assert changed.status_code == 409
    assert len((await edge.decisions(0)).grants) == 1


async def test_an_answer_after_24_hours_is_refused_by_name(hub: RunningHub) -> None:
    edge, asked = await hub.edge("acme"), question(expires=START + 10 * ANSWER_SECONDS)
    await edge.push_approval(asked)
    olga = await hub.approver("acme")
    hub.clock.now += ANSWER_SECONDS + 1
    late = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    assert late.status_code == 409
    assert json_of(late)["error"]["reason"] == "is expired"
    assert json_of(await olga.get(f"/v1/approvals/{asked.id}"))["state"] == "expired"
    assert json_of(await olga.get("/v1/approvals?state=pending"))["approvals"] == []
    assert (await edge.decisions(0)).grants == ()
    assert await edge.push_approval(asked) is ApprovalState.EXPIRED


async def test_a_question_that_arrives_too_late_is_expired_from_the_start(small_hub: RunningHub) -> None:
    edge = await small_hub.edge("acme")
    assert await edge.push_approval(question(now=START - 2 * ANSWER_SECONDS)) is ApprovalState.EXPIRED


async def test_the_hub_does_not_approve_what_asks_for_a_persons_own_key(small_hub: RunningHub) -> None:
    edge, asked = await small_hub.edge("acme"), question(strong=True)
    await edge.push_approval(asked)
    olga = await small_hub.approver("acme")
    refused = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"allow": True})
    assert refused.status_code == 403
    assert json_of(refused)["error"]["fix"] == f"safety approvals approve {asked.id} --key FILE"
    assert json_of(await olga.get(f"/v1/approvals/{asked.id}"))["state"] == "pending"


async def test_a_person_approves_with_their_own_key(small_hub: RunningHub) -> None:
    key = SigningKey.generate()
    edge, asked = await small_hub.edge("acme"), question(strong=True)
    await edge.push_approval(asked)
    public = key.verify_key.encode().hex()
    olga = await small_hub.approver("acme", public=public)
    body = {"grant": grant_to_json(own_grant(key, asked))}
    assert (await olga.post(f"/v1/approvals/{asked.id}/decision", json=body)).status_code == 200
    (grant,) = (await edge.decisions(0)).grants
    pinned = policy(ApproverKey(KeyId("olga"), KeyKind.PERSON, public, Level.CRITICAL_RED))
    assert verify_grant(Approval(asked, ApprovalState.GRANTED, grant, START), asked, pinned, START + 1) == grant


async def test_a_question_of_an_edge_whose_clock_was_ahead_can_be_answered(small_hub: RunningHub) -> None:
    key = SigningKey.generate()
    edge, asked = await small_hub.edge("acme"), question(strong=True, now=START + 1800)
    await edge.push_approval(asked)
    olga = await small_hub.approver("acme", public=key.verify_key.encode().hex())
    answer = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"grant": grant_to_json(own_grant(key, asked))})
    assert (answer.status_code, json_of(answer)["state"]) == (200, "granted")


UNFIT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"action_digest": "0" * 64}, "another request"),
    ({"request": "0" * 32}, "another request"),
    ({"revision": "r0"}, "another request"),
    ({"approver": "Boss"}, "another approver"),
    ({"decided": START + 3600}, "times do not fit"),
    ({"decided": START - 3600}, "times do not fit"),
    ({"not_after": START - 1}, "times do not fit"),
)


async def test_a_grant_that_does_not_fit_is_refused(small_hub: RunningHub) -> None:
    key = SigningKey.generate()
    edge, asked = await small_hub.edge("acme"), question()
    await edge.push_approval(asked)
    olga = await small_hub.approver("acme", public=key.verify_key.encode().hex())
    unfit = [(own_grant(key, asked, **given), reason) for given, reason in UNFIT]
    unfit.append((own_grant(SigningKey.generate(), asked), "not the approver's"))
    for grant, reason in unfit:
        refused = await olga.post(f"/v1/approvals/{asked.id}/decision", json={"grant": grant_to_json(grant)})
        assert refused.status_code == 403
        assert reason in json_of(refused)["error"]["reason"]
    assert json_of(await olga.get(f"/v1/approvals/{asked.id}"))["state"] == "pending"


async def test_a_grant_of_a_key_that_the_hub_does_not_know_is_passed_on(small_hub: RunningHub) -> None:
    edge, asked = await small_hub.edge("acme"), question()
    await edge.push_approval(asked)
    olga, grant = await small_hub.approver("acme"), own_grant(SigningKey.generate(), asked)
    await olga.post(f"/v1/approvals/{asked.id}/decision", json={"grant": grant_to_json(grant)})
    assert (await edge.decisions(0)).grants == (grant,)


async def test_a_flood_of_questions_is_stopped(hub: RunningHub) -> None:
    edge = await hub.edge("acme")
    for _ in range(5):
        await edge.push_approval(question())
    with pytest.raises(Exception, match="too many open questions"):
        await edge.push_approval(question())
    hub.clock.now += ANSWER_SECONDS + 1
    await edge.push_approval(question(now=hub.clock.now))


async def test_an_answer_that_is_none_changes_nothing(small_hub: RunningHub) -> None:
    edge, asked = await small_hub.edge("acme"), question()
    await edge.push_approval(asked)
    olga = await small_hub.approver("acme")
    for body in ("{}", '{"allow": 1}', '{"allow": true, "extra": 1}', '{"grant": {}}', "[]", "nonsense"):
        assert (await olga.post(f"/v1/approvals/{asked.id}/decision", content=body)).status_code == 400
    assert json_of(await olga.get(f"/v1/approvals/{asked.id}"))["state"] == "pending"
    assert (await olga.get("/v1/approvals?state=maybe")).status_code == 400


async def test_an_unknown_question_cannot_be_answered(small_hub: RunningHub) -> None:
    await small_hub.edge("acme")
    olga = await small_hub.approver("acme")
    assert (await olga.post(f"/v1/approvals/{'0' * 32}/decision", json={"allow": True})).status_code == 404
    assert (await olga.get(f"/v1/approvals/{'0' * 32}")).status_code == 404


async def test_a_question_that_nobody_could_read_is_refused_and_long_ones_come_a_few_at_a_time(
    small_hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.approvals.questions.PAGE_BYTES", 5_000)
    edge, olga = await small_hub.edge("acme"), await small_hub.approver("acme")
    with pytest.raises(RefusedError, match="is larger than"):
        await edge.push_approval(question(params={"content": "x" * 1024 * 1024}))
    for size in (9_000, 2_000, 2_000, 2_000):
        small_hub.clock.now += 1
        await edge.push_approval(question(params={"content": "x" * size}))
    lengths = []
    while shown := json_of(await olga.get("/v1/approvals?state=pending"))["approvals"]:
        lengths.append([len(entry["request"]["params"]["content"]) for entry in shown])
        for entry in shown:
            await olga.post(f"/v1/approvals/{entry['request']['id']}/decision", json={"allow": False})
    assert lengths == [[2_000, 2_000], [2_000], [9_000]]
