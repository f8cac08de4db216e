"""Outward grants that an approver made from a card: "mails to this customer, until Friday, ten of them".

`check_standing` checks, in order: who signed (a key pinned in the signed policy, under a name that is its holder's),
for whom (this tenant), whether that key may give away so much (`outward_seconds`, its level), and the grant's bounds.
It is asked when the grant comes, and again whenever it is about to count, so a policy that pins the key no longer, or
lets it do less, ends what it has given. Left to the caller: the end of its time (`gate.outward`), and counting.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from nacl.signing import SigningKey

from safety_core.approve import BACK_SECONDS, SCREENS, check_signed
from safety_core.canonical import canonical_bytes
from safety_core.errors import (
    ExpiredGrantError,
    ForgedGrantError,
    GrantError,
    MismatchedGrantError,
    WeakApproverError,
)
from safety_core.model.approval import StandingGrant
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.wire.feed import standing_to_json

STANDING_CONTEXT: Final = b"safety-gateway outward grant v1\x00"
"""Separates signatures over outward grants from any other use of the same key."""

RECIPIENT: Final = re.compile(r"[^\s@]+|[^\s@]*@[^\s@]+")
"""A host, an address, or "@domain" for everybody there."""


def standing_bytes(standing: StandingGrant) -> bytes:
    """Return the bytes that the approver's key signs: everything in the grant but the signature."""
    fields = standing_to_json(replace(standing, assertion=None))
    del fields["signature"]
    return STANDING_CONTEXT + canonical_bytes(fields)


def standing_challenge(standing: StandingGrant) -> bytes:
    """Return what a passkey signs for an outward grant: 32 bytes."""
    return hashlib.sha256(standing_bytes(standing)).digest()


def sign_standing(standing: StandingGrant, key: SigningKey) -> StandingGrant:
    """Return the grant signed by `key`, whose name stands in it already."""
    return replace(standing, signature=key.sign(standing_bytes(standing)).signature.hex())


def check_standing(standing: StandingGrant, policy: Policy, now: float) -> ApproverKey:
    """Return the pinned key under which `standing` counts.

    Raises:
        ForgedGrantError: no key pinned in the policy made this signature, or not under a name that it is pinned for.
        MismatchedGrantError: it was given for another tenant, or for nobody in particular.
        WeakApproverError: its key may not let anything go outside, or not for so long.
        ExpiredGrantError: its times do not fit.
    """
    thing = f"outward grant {standing.id}"
    key = next((key for key in policy.approvers if key.id == standing.key), None)
    if key is None:
        raise ForgedGrantError(
            thing, "its key is not pinned in the policy", "publish a policy that pins the approver's key"
        )
    check_signed(standing_bytes(standing), standing.signature, standing.assertion, key, thing)
    if key.names and standing.approver not in key.names:
        raise ForgedGrantError(thing, "it names somebody else than the holder of its key", "sign under your own name")
    if standing.tenant != policy.tenant or not RECIPIENT.fullmatch(standing.recipient):
        raise MismatchedGrantError(thing, "it was given for another tenant, or names no recipient")
    _check_bounds(standing, key, now, thing)
    return key


def _check_bounds(standing: StandingGrant, key: ApproverKey, now: float, thing: str) -> None:
    elsewhere = key.kind is KeyKind.HUB and re.split("[:+]", standing.origin)[0] not in SCREENS
    if key.kind is KeyKind.CHANNEL or elsewhere or key.up_to < Level.YELLOW_EXTERNAL or not key.outward_seconds:
        raise WeakApproverError(
            thing, f"key {key.id} may make none there", "set its `outward_days`, and make it in the console"
        )
    if standing.not_after - standing.decided > key.outward_seconds:
        raise WeakApproverError(
            thing, f"key {key.id} may not give so long", f"end it after {key.outward_seconds} s at most"
        )
    if standing.not_after <= standing.decided or standing.decided > now + BACK_SECONDS:
        raise ExpiredGrantError(thing, "its times do not fit", "set the clocks (NTP), and make it again")


def held(standing: Iterable[StandingGrant], policy: Policy, now: float) -> tuple[StandingGrant, ...]:
    """Return those outward grants that count under `policy`."""
    return tuple(grant for grant in standing if _counts(grant, policy, now))


def _counts(standing: StandingGrant, policy: Policy, now: float) -> bool:
    try:
        check_standing(standing, policy, now)
    except GrantError:
        return False
    return True
