"""Answers: signed here with the hub's key, or checked as far as a hub can. The edge decides what they are worth."""

from __future__ import annotations

from typing import Final

from hub.keys import HubKeys
from hub.store.tokens import Token
from safety_core.approve import Answer, answer, check_answers, check_signed_by
from safety_core.edge import clock
from safety_core.errors import ExpiredGrantError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import ApprovalRequest, Grant
from safety_core.model.policy import KeyKind

CLOCK_SECONDS: Final = 60
"""How far an approver's clock may differ from ours."""


def signed(question: ApprovalRequest, keys: HubKeys, *, allow: bool, approver: str, origin: str, now: float) -> Grant:
    """Return the answer under the hub's approval key, or raise WeakApproverError where the hub may not approve."""
    if allow and question.strong:
        raise WeakApproverError(
            f"approval {question.id}",
            f"{question.level.word} may be approved only with the approver's own key, not with the hub's",
            f"safety approvals approve {question.id} --key FILE",
        )
    said = Answer(allow, approver, origin, clock.new_id())
    return answer(question, keys.approvals, KeyKind.HUB, said, now)


def believed(grant: Grant, question: ApprovalRequest, token: Token, now: float) -> Grant:
    """Return a grant that the approver signed on their own, after four checks; the edge makes its own.

    1. it answers this question; 2. it names the bearer of the token; 3. its times fit;
    4. the key that the hub knows of this approver, if any, signed it.

    Raises:
        GrantError: named after the first check that fails.
    """
    name = f"grant for {question.id}"
    check_answers(grant, question)
    if grant.approver != token.name:
        raise MismatchedGrantError(name, "it names another approver than the bearer of the token")
    earliest, latest = question.created - CLOCK_SECONDS, now + CLOCK_SECONDS
    if not earliest <= grant.decided <= latest or grant.not_after < now:
        raise ExpiredGrantError(name, "its times do not fit", "set the clock (NTP) and decide again")
    if token.public is not None:
        check_signed_by(grant, token.public)
    return grant
