"""Answers: signed here with the hub's key, or checked as far as a hub can. The edge decides what they are worth."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hub.approvals.approver import Approver
from hub.keys import HubKeys
from safety_core.approve import Answer, answer, check_answers, check_signed_by, unsigned
from safety_core.approve import key_id as name_of
from safety_core.edge import clock
from safety_core.errors import ExpiredGrantError, ForgedGrantError, MismatchedGrantError, WeakApproverError
from safety_core.model.approval import ApprovalRequest, Grant
from safety_core.model.policy import ApproverKey, KeyKind

CLOCK_SECONDS: Final = 60
"""How far an approver's clock may differ from ours."""


def signed(question: ApprovalRequest, keys: HubKeys, approver: Approver, allow: bool, now: float) -> Grant:
    """Return the answer under the hub's approval key, or raise WeakApproverError where the hub may not approve.

    That a one-time code is enough for what asks for a strong approver is for the edge's policy to say.
    """
    if allow and question.strong and not approver.totp:
        raise WeakApproverError(
            f"approval {question.id}",
            f"{question.level.word} may be approved only with the approver's own key, not with the hub's",
            f"safety approvals approve {question.id} --key FILE",
        )
    said = Answer(allow, approver.name, approver.said_from, clock.new_id())
    return answer(question, keys.approvals, KeyKind.HUB, said, now)


def drafted(question: ApprovalRequest, spki: bytes, approver: Approver, allow: bool, now: float) -> Grant:
    """Return the answer that the passkey with this public key (DER) is to sign."""
    said = Answer(allow, approver.name, approver.said_from, clock.new_id())
    return unsigned(question, name_of(KeyKind.PASSKEY, spki), said, now)


def believed(
    grant: Grant, question: ApprovalRequest, approver: Approver, keys: Collection[ApproverKey], now: float
) -> Grant:
    """Return a grant that the approver signed on their own, after four checks; the edge makes its own.

    1. it answers this question; 2. it names who sends it; 3. its times fit;
    4. a key that the hub knows of this approver, if it knows any of the kind, signed it.

    Raises:
        GrantError: named after the first check that fails.
    """
    name = f"grant for {question.id}"
    check_answers(grant, question)
    if grant.approver != approver.name:
        raise MismatchedGrantError(name, "it names another approver than the bearer of the token")
    asked = min(question.created, now)  # an edge whose clock was ahead must not ask what nobody may answer for hours
    earliest, latest = asked - CLOCK_SECONDS, now + CLOCK_SECONDS
    if not earliest <= grant.decided <= latest or grant.not_after < now:
        raise ExpiredGrantError(name, "its times do not fit", "set the clock (NTP) and decide again")
    kind = KeyKind.PERSON if grant.assertion is None else KeyKind.PASSKEY
    known = [key for key in keys if key.kind is kind]
    key = next((key for key in known if kind is KeyKind.PERSON or key.id == grant.key), None)
    if key is not None:
        check_signed_by(grant, key)
    elif not grant.signature and kind is KeyKind.PERSON:
        raise ForgedGrantError(name, "nobody signed it", "sign with the approver's own key")
    elif kind is KeyKind.PASSKEY:
        raise ForgedGrantError(name, "its passkey is not one of yours", "add it in the console's settings")
    return grant
