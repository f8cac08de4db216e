"""Where an answer was given, by which kind of key, and whether a one-time code came with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from safety_core.approve import check_may_answer, key_id, verify_answer, verify_grant
from safety_core.errors import ForgedGrantError, GrantError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from tests.simulators.hub import START, question
from tests.simulators.passkeys import Authenticator
from tests.simulators.policies import policy, signed_grant

HUB, OWN = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
CHANNELS = {"email": Level.YELLOW_EXTERNAL, "telegram": Level.RED, "api": Level.YELLOW}


def hub(up_to: Level = Level.RED, **given: Any) -> ApproverKey:
    own = key_id(KeyKind.HUB, HUB.verify_key)
    return ApproverKey(own, KeyKind.HUB, HUB.verify_key.encode().hex(), up_to, **given)


def asked(level: Level, *, strong: bool = False) -> ApprovalRequest:
    return question(level=level, strong=strong)


def entitled(grant: Grant, request: ApprovalRequest, rules: Policy) -> bool:
    """Tell whether a grant counts, both when it comes and when it is used."""
    try:
        verify_answer(grant, request, rules)
        taken = True
    except GrantError:
        taken = False
    try:
        verify_grant(Approval(request, ApprovalState.GRANTED, grant, START + 2), request, rules, START + 3)
    except GrantError:
        assert not taken
        return False
    assert taken
    return True


@pytest.mark.parametrize(
    ("origin", "up_to"),
    [
        ("console", Level.RED),
        ("cli", Level.RED),
        ("api", Level.YELLOW),
        ("email:link", Level.YELLOW_EXTERNAL),
        ("email", Level.YELLOW_EXTERNAL),
        ("telegram:link", Level.RED),
        ("push", None),
        ("slack:link", None),
        ("", None),
        (":console", None),
        ("Console", None),
        ("console ", None),
        ("emailx:link", None),
        ("totp", None),
        ("+totp", None),
    ],
)
def test_a_channel_is_good_up_to_its_level_and_one_that_is_not_named_for_nothing(
    origin: str, up_to: Level | None
) -> None:
    rules = policy(approvers=(hub(channels=CHANNELS),))
    for level in Level:
        request = asked(level)
        grant = signed_grant(HUB, request, key=rules.approvers[0].id, origin=origin)
        assert entitled(grant, request, rules) is (up_to is not None and level <= up_to), level
        verify_answer(replace_no(grant, request), request, rules)


def replace_no(grant: Grant, request: ApprovalRequest) -> Grant:
    """The same, saying no: whoever holds a pinned key may, from wherever."""
    return signed_grant(HUB, request, key=grant.key, origin=grant.origin, allow=False)


def test_a_channel_is_never_good_for_more_than_its_key() -> None:
    rules = policy(approvers=(hub(Level.YELLOW, channels={"email": Level.RED, "console": Level.RED}),))
    for origin in ("email:link", "console"):
        request = asked(Level.RED)
        assert not entitled(signed_grant(HUB, request, key=rules.approvers[0].id, origin=origin), request, rules)


@pytest.mark.parametrize("origin", ["console+totp", "api+totp", "email+totp:link"])
def test_a_one_time_code_counts_only_where_policy_takes_the_hubs_word_for_it(origin: str) -> None:
    request = asked(Level.CRITICAL_RED, strong=True)
    channels = {"email": Level.YELLOW_EXTERNAL}
    for strong, up_to in ((True, Level.CRITICAL_RED), (False, Level.CRITICAL_RED), (True, Level.RED)):
        rules = policy(approvers=(hub(up_to, strong=strong, channels=channels),))
        grant = signed_grant(HUB, request, key=rules.approvers[0].id, origin=origin)
        good = strong and up_to is Level.CRITICAL_RED and not origin.startswith("email")
        assert entitled(grant, request, rules) is good


@pytest.mark.parametrize("origin", ["console", "console+", "console+otp", "console:+totp", "console+totp+x", "totp"])
def test_a_strong_request_takes_more_than_the_hubs_own_word(origin: str) -> None:
    request = asked(Level.RED, strong=True)
    rules = policy(approvers=(hub(Level.CRITICAL_RED, strong=True),))
    assert not entitled(signed_grant(HUB, request, key=rules.approvers[0].id, origin=origin), request, rules)


def test_a_passkey_is_a_strong_approver_up_to_its_level() -> None:
    olga = Authenticator.fresh()
    for up_to in (Level.CRITICAL_RED, Level.RED):
        rules = policy(approvers=(replace(olga.pinned, up_to=up_to),))
        request = asked(Level.CRITICAL_RED, strong=True)
        assert entitled(olga.grant(request), request, rules) is (up_to is Level.CRITICAL_RED)
    with pytest.raises(WeakApproverError, match="may not approve critical_red"):
        check_may_answer(rules.approvers[0], request, "console")


def test_a_passkey_signs_one_answer_to_one_question() -> None:
    olga, first, second = Authenticator.fresh(), asked(Level.RED), asked(Level.RED)
    rules = policy(approvers=(olga.pinned,))
    grant, no = olga.grant(first), olga.grant(first, allow=False)
    assert entitled(grant, first, rules)
    other = replace(olga.grant(second), assertion=grant.assertion)
    for lie in (other, replace(no, allow=True), replace(grant, not_after=grant.not_after + 1)):
        request = second if lie is other else first
        with pytest.raises(MismatchedGrantError, match="signed something else"):
            verify_answer(lie, request, rules)


def test_a_grant_is_signed_in_one_way_and_in_that_of_its_key() -> None:
    olga, request = Authenticator.fresh(), asked(Level.RED)
    own = ApproverKey(key_id(KeyKind.PERSON, OWN.verify_key), KeyKind.PERSON, OWN.verify_key.encode().hex(), Level.RED)
    rules = policy(approvers=(olga.pinned, own))
    grant, plain = olga.grant(request), signed_grant(OWN, request, key=own.id)
    lies = (
        replace(grant, assertion=None),
        replace(grant, signature=plain.signature),
        replace(grant, signature=plain.signature, assertion=None),
        replace(plain, assertion=grant.assertion),
        replace(plain, assertion=grant.assertion, signature=""),
        replace(plain, signature=""),
    )
    for lie in lies:
        with pytest.raises(ForgedGrantError, match="not signed as its key signs"):
            verify_answer(lie, request, rules)
    verify_answer(plain, request, rules)


def test_a_key_answers_only_under_the_names_of_its_holder() -> None:
    request, own = asked(Level.RED), key_id(KeyKind.PERSON, OWN.verify_key)
    key = ApproverKey(own, KeyKind.PERSON, OWN.verify_key.encode().hex(), Level.RED, names=frozenset({"Olga", "olga"}))
    rules = policy(approvers=(key,))
    assert entitled(signed_grant(OWN, request, key=own, approver="olga"), request, rules)
    for allow in (True, False):
        with pytest.raises(ForgedGrantError, match="somebody else"):
            verify_answer(signed_grant(OWN, request, key=own, approver="Boss", allow=allow), request, rules)
