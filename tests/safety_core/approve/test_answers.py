"""An answer that is made here passes the checks that are made here."""

from __future__ import annotations

from typing import Any

import pytest
from nacl.signing import SigningKey

from safety_core.approve import Answer, answer, key_id, verify_grant
from safety_core.errors import ExpiredGrantError, ForgedGrantError, WeakApproverError
from safety_core.model.approval import ANSWER_SECONDS, USE_SECONDS, Approval, ApprovalState
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from tests.simulators.hub import START, question

KEY = SigningKey(b"\x07" * 32)
SAID = Answer(True, "Olga", "cli", "ab" * 16)


def policy(kind: KeyKind) -> Policy:
    pinned: dict[str, Any] = dict.fromkeys(Policy.__dataclass_fields__)
    public = KEY.verify_key.encode().hex()
    key = ApproverKey(key_id(kind, KEY.verify_key), kind, public, Level.CRITICAL_RED)
    return Policy(**{**pinned, "approvers": (key,)})


def test_a_strong_question_takes_a_persons_key() -> None:
    asked = question(strong=True)
    for kind in KeyKind:
        approval = Approval(asked, ApprovalState.GRANTED, answer(asked, KEY, kind, SAID, START), START)
        if kind is KeyKind.PERSON:
            assert verify_grant(approval, asked, policy(kind), START) == approval.grant
        else:
            with pytest.raises(ForgedGrantError if kind is KeyKind.PASSKEY else WeakApproverError):
                verify_grant(approval, asked, policy(kind), START)


@pytest.mark.parametrize("decided", [START, START + ANSWER_SECONDS])
def test_an_answer_can_wait_for_the_edge_and_be_used_for_ten_minutes_at_least(decided: float) -> None:
    asked = question()
    grant = answer(asked, KEY, KeyKind.HUB, SAID, decided)
    came = decided if decided > START else START + ANSWER_SECONDS - USE_SECONDS
    approval = Approval(asked, ApprovalState.GRANTED, grant, came)
    verify_grant(approval, asked, policy(KeyKind.HUB), came + USE_SECONDS)
    with pytest.raises(ExpiredGrantError):
        verify_grant(approval, asked, policy(KeyKind.HUB), came + USE_SECONDS + 1)


def test_a_key_has_one_name_and_says_whose_it_is() -> None:
    names = {key_id(kind, KEY.verify_key) for kind in KeyKind} | {key_id(KeyKind.HUB, KEY.verify_key)}
    assert sorted(name.partition("-")[0] for name in names) == ["channel", "hub", "passkey", "person"]
