"""An outward grant from a card counts within what its key may give, and no further."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from safety_core.approve import BACK_SECONDS, key_id
from safety_core.errors import (
    ExpiredGrantError,
    ForgedGrantError,
    GrantError,
    MismatchedGrantError,
    WeakApproverError,
)
from safety_core.model.approval import Assertion, KeyId, StandingGrant
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.standing import check_standing, held, sign_standing, standing_bytes, standing_challenge
from tests.simulators.policies import TENANT, policy

HUB = SigningKey(b"1" * 32)
HUB_ID = key_id(KeyKind.HUB, HUB.verify_key)
NOW = 1_000_000.0
WEEK = 7 * 24 * 3600


def made(**changes: Any) -> StandingGrant:
    fields: dict[str, Any] = {
        "id": "a" * 32,
        "tenant": TENANT,
        "agent": AgentId("shop"),
        "tool": "message",
        "recipient": "anna@x.example",
        "not_after": NOW + WEEK,
        "uses": 10,
        "approver": "Olga",
        "origin": "console",
        "decided": NOW,
        "key": HUB_ID,
        "signature": "",
    }
    return sign_standing(StandingGrant(**{**fields, **changes}), HUB)


def pinning(**changes: Any) -> Policy:
    public = HUB.verify_key.encode().hex()
    key = ApproverKey(HUB_ID, KeyKind.HUB, public, Level.RED, outward_seconds=WEEK)
    return policy(approvers=(replace(key, **changes),))


@pytest.mark.parametrize("recipient", ["anna@x.example", "@x.example", "hooks.x.example"])
@pytest.mark.parametrize("origin", ["console", "cli", "api", "console+totp", "api:x"])
def test_what_the_pinned_key_gives_within_its_bounds_counts(recipient: str, origin: str) -> None:
    grant = made(recipient=recipient, origin=origin)
    assert check_standing(grant, pinning(), NOW + WEEK).id == HUB_ID
    assert held([grant], pinning(names=frozenset({"Olga"})), NOW) == (grant,)


def test_what_its_key_did_not_sign_is_forged() -> None:
    for forged in (
        replace(made(), uses=1000),
        replace(made(), recipient="@evil.example"),
        replace(made(), signature="0" * 128),
        replace(made(), signature="", assertion=Assertion(b"1", b"2", b"3")),
        made(key=KeyId("hub-0000000000000000")),
    ):
        with pytest.raises(ForgedGrantError):
            check_standing(forged, pinning(), NOW)
        assert held([forged, made()], pinning(), NOW) == (made(),)
    with pytest.raises(ForgedGrantError, match="somebody else"):
        check_standing(made(), pinning(names=frozenset({"Paul"})), NOW)


@pytest.mark.parametrize(
    ("given", "key", "error"),
    [
        ({"tenant": TenantId("other")}, {}, MismatchedGrantError),
        ({"recipient": ""}, {}, MismatchedGrantError),
        ({"recipient": "@"}, {}, MismatchedGrantError),
        ({"recipient": "a@x.example, b@y.example"}, {}, MismatchedGrantError),
        ({"not_after": NOW + WEEK + 1}, {}, WeakApproverError),
        ({}, {"outward_seconds": WEEK - 1}, WeakApproverError),
        ({}, {"outward_seconds": 0}, WeakApproverError),
        ({}, {"up_to": Level.YELLOW}, WeakApproverError),
        ({}, {"kind": KeyKind.CHANNEL}, WeakApproverError),
        ({"origin": "email:link"}, {}, WeakApproverError),
        ({"origin": "push"}, {"channels": {"push": Level.RED}}, WeakApproverError),
        ({"not_after": NOW}, {}, ExpiredGrantError),
        ({"decided": NOW + BACK_SECONDS + 1}, {}, ExpiredGrantError),
    ],
)
def test_a_grant_beyond_its_bounds_does_not_count(
    given: dict[str, Any], key: dict[str, Any], error: type[GrantError]
) -> None:
    with pytest.raises(error):
        check_standing(made(**given), pinning(**key), NOW)
    assert held([made(**given)], pinning(**key), NOW) == ()


def test_a_persons_own_key_makes_one_from_wherever_they_are() -> None:
    assert check_standing(made(origin="phone"), pinning(kind=KeyKind.PERSON), NOW).kind is KeyKind.PERSON


def test_a_policy_that_no_longer_pins_the_key_ends_what_it_gave() -> None:
    assert held([made()], policy(approvers=()), NOW) == ()


def test_a_passkey_signs_all_but_the_signature() -> None:
    unsigned = replace(made(), signature="")
    signed = replace(unsigned, assertion=Assertion(b"1", b"2", b"3"))
    assert standing_bytes(made()) == standing_bytes(unsigned) == standing_bytes(signed)
    assert standing_challenge(signed) == hashlib.sha256(standing_bytes(unsigned)).digest()
