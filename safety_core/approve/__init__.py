"""Approvals: a person's answer to one call.

asking      what a question is bound to, what may follow what and is recorded of it, the code by which people compare
            screens
signing     answers as they are signed: by a key, or in person by a passkey
entitling   when an answer counts, and how many are needed
plans       one answer for several calls
"""

from safety_core.approve.asking import DENIAL_SECONDS, TRANSITIONS, action_digest, code, entry_of, new_request
from safety_core.approve.entitling import (
    BACK_SECONDS,
    OWN_KEYS,
    TOTP,
    channel_key,
    check_may_answer,
    graver,
    people,
    shared_keys,
    usable,
    verify_answer,
    verify_grant,
    verify_signature,
)
from safety_core.approve.plans import PlannedStep, covered_digests, plan_question, verify_plan
from safety_core.approve.signing import (
    Answer,
    answer,
    challenge,
    check_answers,
    check_signed,
    check_signed_by,
    grant_bytes,
    key_id,
    unsigned,
)
from safety_core.model.policy import SCREENS

__all__ = [
    "BACK_SECONDS",
    "DENIAL_SECONDS",
    "OWN_KEYS",
    "SCREENS",
    "TOTP",
    "TRANSITIONS",
    "Answer",
    "PlannedStep",
    "action_digest",
    "answer",
    "challenge",
    "channel_key",
    "check_answers",
    "check_may_answer",
    "check_signed",
    "check_signed_by",
    "code",
    "covered_digests",
    "entry_of",
    "grant_bytes",
    "graver",
    "key_id",
    "new_request",
    "people",
    "plan_question",
    "shared_keys",
    "unsigned",
    "usable",
    "verify_answer",
    "verify_grant",
    "verify_plan",
    "verify_signature",
]
