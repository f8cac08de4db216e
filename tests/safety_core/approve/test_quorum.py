"""Several people: each counts once, whichever keys and names they use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from safety_core.approve import key_id, people, shared_keys, verify_answer, verify_grant
from safety_core.errors import ForgedGrantError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Grant, KeyId
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind
from tests.simulators.hub import START, question
from tests.simulators.passkeys import Authenticator
from tests.simulators.policies import policy, signed_grant

HUB, OWN, EDGE = (SigningKey(bytes([n]) * 32) for n in (1, 2, 3))
ANN, BOB = Authenticator.fresh(name="Ann"), Authenticator.fresh(name="Bob")


def pinned(key: SigningKey, kind: KeyKind, **given: Any) -> ApproverKey:
    own = key_id(kind, key.verify_key)
    return ApproverKey(own, kind, key.verify_key.encode().hex(), Level.CRITICAL_RED, **given)


HUBS, NAMELESS, CHAT = pinned(HUB, KeyKind.HUB), pinned(OWN, KeyKind.PERSON), pinned(EDGE, KeyKind.CHANNEL)
RULES = policy(approvers=(HUBS, NAMELESS, CHAT, ANN.pinned, BOB.pinned))


def asked(quorum: int = 2, **given: Any) -> ApprovalRequest:
    return question(quorum=quorum, **given)


def by_hub(request: ApprovalRequest, name: str, **given: Any) -> Grant:
    return signed_grant(HUB, request, key=HUBS.id, approver=name, **given)


def check(request: ApprovalRequest, *grants: Grant, rules: Any = RULES, **changes: Any) -> Grant:
    approval = Approval(request, ApprovalState.GRANTED, grants[-1], START + 2, grants[:-1])
    return verify_grant(approval, replace(request, **changes), rules, START + 3)


def test_two_people_are_enough_for_two_and_one_is_not() -> None:
    request = asked(strong=True)
    first, second = ANN.grant(request), BOB.grant(request)
    assert check(request, first, second) is second
    for said in ((first,), (first, first), (first, replace(ANN.grant(request, now=START + 2)))):
        with pytest.raises(WeakApproverError, match="fewer than 2 people"):
            check(request, *said)


def test_one_name_counts_once_by_whichever_keys() -> None:
    request = asked()
    assert check(request, by_hub(request, "Ann"), BOB.grant(request))
    for said in ((by_hub(request, "Ann"), ANN.grant(request)), (by_hub(request, "Ann"), by_hub(request, "Ann"))):
        with pytest.raises(WeakApproverError, match="fewer than 2 people"):
            check(request, *said)


def test_every_answer_is_verified_again_when_it_is_used() -> None:
    request = asked()
    first, second = ANN.grant(request), BOB.grant(request)
    with pytest.raises(MismatchedGrantError, match="signed something else"):
        check(request, replace(first, approver="Bob"), second)
    with pytest.raises(ForgedGrantError, match="not pinned"):
        check(request, first, second, rules=replace(RULES, approvers=(BOB.pinned,)))
    with pytest.raises(MismatchedGrantError):
        check(request, ANN.grant(asked()), second)
    with pytest.raises(WeakApproverError):
        check(
            request,
            first,
            second,
            rules=replace(RULES, approvers=(replace(ANN.pinned, up_to=Level.YELLOW), BOB.pinned)),
        )
    no = ANN.grant(request, allow=False)
    with pytest.raises(WeakApproverError, match="fewer than 2 people"):
        check(request, no, second)


def test_a_policy_that_asks_for_more_people_by_now_is_obeyed() -> None:
    request = asked()
    with pytest.raises(WeakApproverError, match="fewer than 3 people"):
        check(request, ANN.grant(request), BOB.grant(request), quorum=3)
    with pytest.raises(WeakApproverError, match="people have approved"):
        check(request, ANN.grant(request), quorum=1)


def test_keys_that_do_not_tell_people_apart_do_not_count_among_several() -> None:
    many, one = asked(), asked(quorum=1)
    nameless = {key: signed_grant(key, many, key=kept.id) for key, kept in ((OWN, NAMELESS), (EDGE, CHAT))}
    for key, grant in nameless.items():
        with pytest.raises(WeakApproverError, match="does not tell people apart"):
            verify_answer(grant, many, RULES)
        verify_answer(signed_grant(key, one, key=grant.key), one, RULES)
        verify_answer(signed_grant(key, many, key=grant.key, allow=False), many, RULES)
    named = replace(NAMELESS, names=frozenset({"Cem"}))
    verify_answer(signed_grant(OWN, many, key=named.id, approver="Cem"), many, policy(approvers=(named,)))


def test_only_the_hubs_key_is_of_several_people() -> None:
    assert shared_keys(RULES) == {HUBS.id}


def test_a_question_asks_for_as_many_people_as_policy_says_for_its_level() -> None:
    assert asked(3).quorum == 3


@given(
    st.lists(
        st.tuples(st.sampled_from(["Ann", "Bob", "Cem"]), st.sampled_from(["hub", "k1", "k2"]), st.booleans()),
        max_size=8,
    )
)
def test_never_more_people_than_names_and_each_own_key_once(said: list[tuple[str, str, bool]]) -> None:
    request = asked()
    grants = [replace(by_hub(request, name), key=KeyId(key), allow=allow, signature="") for name, key, allow in said]
    count = people(grants, {KeyId("hub")})
    yes = [(name, key) for name, key, allow in said if allow]
    assert count <= len({name for name, _ in yes})
    assert count <= len({key for _, key in yes if key != "hub"}) + len({name for name, key in yes if key == "hub"})
    assert (count > 0) is bool(yes)
    assert people(grants + grants, {KeyId("hub")}) == count
