"""What an approval is bound to, and every way in which a grant does not count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from safety_core.approve import (
    TRANSITIONS,
    Answer,
    action_digest,
    answer,
    channel_key,
    graver,
    key_id,
    new_request,
    verify_grant,
    verify_signature,
)
from safety_core.errors import (
    ExpiredGrantError,
    ForgedGrantError,
    GrantError,
    MismatchedGrantError,
    ReplayedGrantError,
    WeakApproverError,
)
from safety_core.model.approval import USE_SECONDS, Approval, ApprovalRequest, ApprovalState, Grant, KeyId, RequestId
from safety_core.model.facts import Facts
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind, Policy
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.model.verdict import Hit, Verdict
from tests.simulators.policies import TENANT, approver, policy, signed_grant

HUB, OLGA, THIEF, EDGE = (SigningKey(bytes([n]) * 32) for n in (1, 2, 3, 4))
RULES = policy(
    approvers=(
        approver(HUB, "hub", KeyKind.HUB, Level.RED),
        approver(OLGA, "olga", KeyKind.PERSON, Level.CRITICAL_RED),
    ),
    volatile={"exec": frozenset({"timeout"})},
)
CALL = ToolCall(
    CallId("c1"), TENANT, AgentId("helper"), SessionId("s"), "exec", {"command": "make publish", "timeout": 5}
)
NOW = 1_000_000.0


def question(level: Level = Level.RED, *, strong: bool = False) -> ApprovalRequest:
    verdict = Verdict(
        level, "r", (Hit("r", level, "publishes"),), Facts("exec", "helper"), outward=False, revision=RULES.revision
    )
    return new_request(RequestId("q1"), CALL, verdict, RULES, strong=strong, now=NOW)


def answered(request: ApprovalRequest, grant: Grant, **changes: Any) -> Approval:
    return replace(Approval(request, ApprovalState.GRANTED, grant, received=NOW + 2), **changes)


def check(
    request: ApprovalRequest, grant: Grant, *, now: float = NOW + 3, rules: Policy = RULES, **changes: Any
) -> Grant:
    return verify_grant(answered(request, grant, **changes), request, rules, now)


def test_the_digest_covers_tenant_agent_tool_and_arguments_but_the_volatile_ones() -> None:
    base = action_digest(CALL, "exec", RULES)
    assert base == action_digest(replace(CALL, params={"timeout": 99, "command": "make publish"}), "exec", RULES)
    assert base == action_digest(replace(CALL, id=CallId("c2"), session=SessionId("t")), "exec", RULES)
    others = [
        action_digest(replace(CALL, params={"command": "make publish "}), "exec", RULES),
        action_digest(replace(CALL, agent=AgentId("other")), "exec", RULES),
        action_digest(CALL, "process", RULES),
        action_digest(replace(CALL, params={}), "exec", RULES),
    ]
    assert len({base, *others}) == 5


def test_a_question_says_what_when_and_why() -> None:
    request = question()
    assert (request.reason, request.rules, request.expires - request.created) == ("publishes", ("r",), 86_400)
    assert request.revision == RULES.revision


def test_a_grant_of_the_hub_entitles_up_to_red() -> None:
    grant = signed_grant(HUB, question())
    assert check(question(), grant) is grant


@pytest.mark.parametrize("allow", [True, False])
def test_an_answer_is_a_grant_of_the_key_that_gave_it(allow: bool) -> None:
    request, kind = question(Level.CRITICAL_RED, strong=True), KeyKind.PERSON
    grant = answer(request, OLGA, kind, Answer(allow, "olga", "cli", "0" * 32), NOW + 1)
    pinned = replace(approver(OLGA, "", kind, Level.CRITICAL_RED), id=key_id(kind, OLGA.verify_key))
    assert verify_signature(grant, request, policy(approvers=(pinned,))) is pinned
    assert (grant.allow, grant.decided, grant.not_after) == (allow, NOW + 1, request.expires)


def test_a_grant_of_a_person_entitles_a_strong_request() -> None:
    request = question(Level.CRITICAL_RED, strong=True)
    assert check(request, signed_grant(OLGA, request, key=KeyId("olga"))).approver == "olga"


@pytest.mark.parametrize(
    ("level", "strong"), [(Level.CRITICAL_RED, False), (Level.RED, True)], ids=["above its level", "not a person"]
)
def test_the_hub_cannot_approve_what_needs_a_person(level: Level, strong: bool) -> None:
    request = question(level, strong=strong)
    with pytest.raises(WeakApproverError, match="owner's own key"):
        check(request, signed_grant(HUB, request))


CHAT = key_id(KeyKind.CHANNEL, EDGE.verify_key)


def channel(up_to: Level) -> Policy:
    """A policy that lets the buttons of a chat channel approve up to a level."""
    return replace(RULES, approvers=(*RULES.approvers, approver(EDGE, CHAT, KeyKind.CHANNEL, up_to)))


EDGE_PUBLIC = EDGE.verify_key.encode().hex()


def test_no_channel_approves_unless_policy_says_so() -> None:
    with pytest.raises(WeakApproverError, match="lets no chat channel approve"):
        channel_key(EDGE_PUBLIC, question(Level.YELLOW_EXTERNAL), RULES)
    with pytest.raises(WeakApproverError, match="lets no chat channel approve"):
        channel_key(HUB.verify_key.encode().hex(), question(Level.YELLOW_EXTERNAL), channel(Level.RED))


def test_a_channel_approves_up_to_its_level() -> None:
    rules, mild, grave = channel(Level.YELLOW_EXTERNAL), question(Level.YELLOW_EXTERNAL), question(Level.RED)
    assert channel_key(EDGE_PUBLIC, mild, rules) is rules.approvers[-1]
    grant = signed_grant(EDGE, mild, key=CHAT, origin="channel:telegram")
    assert check(mild, grant, rules=rules).origin == "channel:telegram"
    with pytest.raises(WeakApproverError, match="may not approve red"):
        channel_key(EDGE_PUBLIC, grave, rules)
    with pytest.raises(WeakApproverError, match="may not approve red"):
        check(grave, signed_grant(EDGE, grave, key=CHAT), rules=rules)


@pytest.mark.parametrize(
    ("level", "strong"), [(Level.RED, True), (Level.CRITICAL_RED, False), (Level.CRITICAL_RED, True)]
)
def test_a_channel_never_opens_what_is_strong_or_critical(level: Level, strong: bool) -> None:
    rules, request = channel(Level.CRITICAL_RED), question(level, strong=strong)
    with pytest.raises(WeakApproverError, match="owner's own key"):
        channel_key(EDGE_PUBLIC, request, rules)
    with pytest.raises(WeakApproverError, match="owner's own key"):
        check(request, signed_grant(EDGE, request, key=CHAT), rules=rules)


def test_a_key_that_is_not_pinned_is_nobody() -> None:
    with pytest.raises(ForgedGrantError, match="not pinned"):
        check(question(), signed_grant(THIEF, question(), key=KeyId("thief")))


@pytest.mark.parametrize("signature", ["", "zz", "00" * 64, "00" * 63])
def test_a_signature_that_is_none_is_forged(signature: str) -> None:
    with pytest.raises(ForgedGrantError):
        check(question(), replace(signed_grant(HUB, question()), signature=signature))


@given(
    st.sampled_from(
        [
            {"request": RequestId("q2")},
            {"action_digest": "f" * 64},
            {"revision": "ffff"},
            {"allow": False},
            {"approver": "boss"},
            {"origin": "console"},
            {"nonce": "1" * 32},
            {"decided": NOW},
            {"not_after": NOW + 10**9},
            {"key": KeyId("olga")},
        ]
    )
)
def test_whatever_is_changed_after_signing_voids_the_grant(change: dict[str, Any]) -> None:
    with pytest.raises(GrantError):
        check(question(), replace(signed_grant(HUB, question()), **change))


@pytest.mark.parametrize("change", [{"request": "q2"}, {"action_digest": "f" * 64}, {"revision": "ffff"}])
def test_a_true_answer_to_another_question_does_not_count(change: dict[str, Any]) -> None:
    with pytest.raises(MismatchedGrantError):
        check(question(), signed_grant(HUB, question(), **change))


@pytest.mark.parametrize("change", [{"action_digest": "f" * 64}, {"revision": "ffff"}])
def test_a_call_or_policy_that_changed_since_needs_a_new_answer(change: dict[str, Any]) -> None:
    asked = question()
    approval = answered(asked, signed_grant(HUB, asked))
    with pytest.raises(MismatchedGrantError, match="has changed since"):
        verify_grant(approval, replace(asked, **change), RULES, NOW + 3)


@pytest.mark.parametrize(
    ("grant", "now"),
    [
        ({}, NOW + 2 + USE_SECONDS + 1),
        ({}, NOW - 100),
        ({"not_after": NOW + 2}, NOW + 3),
        ({"decided": NOW + 86_401, "not_after": NOW + 90_000}, NOW + 3),
    ],
    ids=["used too late", "before it came", "past its end", "decided too late"],
)
def test_a_late_grant_does_not_count(grant: dict[str, Any], now: float) -> None:
    with pytest.raises(ExpiredGrantError):
        check(question(), signed_grant(HUB, question(), **grant), now=now)


@pytest.mark.parametrize(
    "approval",
    [
        Approval(question(), ApprovalState.GRANTED, None, NOW),
        Approval(question(), ApprovalState.DENIED, signed_grant(HUB, question(), allow=False), NOW),
        Approval(question(), ApprovalState.USED, signed_grant(HUB, question()), NOW),
    ],
    ids=["none", "a no", "used"],
)
def test_without_an_unused_yes_there_is_no_permission(approval: Approval) -> None:
    with pytest.raises(ReplayedGrantError):
        verify_grant(approval, question(), RULES, NOW)


@pytest.mark.parametrize(
    "more",
    [
        {"level": Level.RED},
        {"outward": True},
        {"strong": True},
        {"recipients": ("anna@x.test", "spy@evil.test")},
        {"amounts": ("499.00 EUR",)},
    ],
)
def test_who_approved_it_approved_no_more_than_they_were_shown(more: dict[str, Any]) -> None:
    asked = replace(question(Level.YELLOW), recipients=("anna@x.test",))
    now = replace(asked, **more)
    approval = answered(asked, signed_grant(OLGA, asked, key=KeyId("olga")))
    assert graver(now, asked)
    with pytest.raises(MismatchedGrantError, match="does more than its approver was shown"):
        verify_grant(approval, now, RULES, NOW + 3)
    less = replace(asked, level=Level.GREEN, recipients=())
    assert verify_grant(approval, less, RULES, NOW + 3) == approval.grant


def test_the_table_has_every_state_and_ends() -> None:
    assert set(TRANSITIONS) == set(ApprovalState)
    assert all(target in ApprovalState for targets in TRANSITIONS.values() for target in targets)
    final = {state for state, targets in TRANSITIONS.items() if not targets}
    assert final == {ApprovalState.DENIED, ApprovalState.EXPIRED, ApprovalState.CANCELLED, ApprovalState.USED}
