"""When an answer counts.

A grant is believed only here, at the edge. `verify_grant` checks of every answer that was needed, in order: who signed
(a key pinned in the signed policy, under a name that is its holder's), what was signed (this request, this digest, this
policy revision), when (not after its end, nor long after it arrived), whether that key may approve this level, from
where it was said, and last that as many different people said yes as the policy asks for. Left to the caller: using it
once (`UseGrant`, atomic).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from nacl.signing import VerifyKey

from safety_core.approve.signing import check_answers, check_signed_by, key_id
from safety_core.errors import (
    ExpiredGrantError,
    ForgedGrantError,
    MismatchedGrantError,
    ReplayedGrantError,
    WeakApproverError,
)
from safety_core.model.approval import USE_SECONDS, Approval, ApprovalRequest, ApprovalState, Grant, KeyId
from safety_core.model.level import Level
from safety_core.model.policy import SCREENS, ApproverKey, KeyKind, Policy

BACK_SECONDS: Final = 60
"""How far a clock may be set back while a grant waits."""

TOTP: Final = "totp"
"""In an origin ("console+totp"), that a one-time code came with this very answer."""

OWN_KEYS: Final = frozenset({KeyKind.PERSON, KeyKind.PASSKEY})
"""Kinds of keys that one person holds."""


def verify_signature(grant: Grant, request: ApprovalRequest, policy: Policy) -> ApproverKey:
    """Return the pinned key that signed `grant` for `request`, whichever way it decides.

    Raises:
        ForgedGrantError: no key pinned in the policy made this signature, or not for this name.
        MismatchedGrantError: it is an answer to another question, or a passkey made it on another site.
        WeakApproverError: nobody unlocked the passkey.
    """
    key = next((key for key in policy.approvers if key.id == grant.key), None)
    if key is None:
        raise ForgedGrantError(
            f"grant for {request.id}",
            "its key is not pinned in the policy",
            "publish a policy that pins the approver's key",
        )
    check_signed_by(grant, key)
    check_answers(grant, request)
    return key


def verify_answer(grant: Grant, request: ApprovalRequest, policy: Policy) -> ApproverKey:
    """Return the pinned key of an answer that may be taken up: anybody may refuse, and approve as policy lets them.

    Raises:
        GrantError: as `verify_signature` and `check_may_answer`.
    """
    key = verify_signature(grant, request, policy)
    if grant.allow:
        check_may_answer(key, request, grant.origin)
    return key


def usable(approval: Approval, now: float) -> bool:
    """Tell whether the minutes in which an answered question may be used are running: they do not begin again with a
    clock that is set back."""
    return approval.received - BACK_SECONDS <= now <= approval.received + USE_SECONDS


def verify_grant(approval: Approval, request: ApprovalRequest, policy: Policy, now: float) -> Grant:
    """Return the grant of `approval` if it entitles the call that `request` describes, judged afresh, at `now`.

    Args:
        approval: the stored request with its answer.
        request: the question as it would be put now (same id), so that whatever changed since shows.

    Raises:
        GrantError: named after what is wrong with it.
    """
    grant = approval.grant
    if grant is None or not grant.allow or approval.state is ApprovalState.USED:
        raise ReplayedGrantError(f"approval {request.id}", "it holds no unused permission")
    for given in (*approval.others, grant):
        _verify_one(given, approval, request, policy, now)
    if people((*approval.others, grant), shared_keys(policy)) < max(request.quorum, approval.request.quorum):
        raise WeakApproverError(
            f"grant for {request.id}",
            f"fewer than {request.quorum} people have approved it",
            "have another person approve it",
        )
    if graver(request, approval.request):
        raise MismatchedGrantError(f"grant for {request.id}", "the call does more than its approver was shown")
    return grant


def graver(question: ApprovalRequest, asked: ApprovalRequest) -> bool:
    """Tell whether a call does more, as it is judged now, than the question about it has shown to people.

    The same arguments mean something else to a tool that calls another one, by which their digest goes.
    """
    beyond = {*question.recipients} - {*asked.recipients} or {*question.amounts} - {*asked.amounts}
    heavier = question.level > asked.level or question.outward > asked.outward or question.strong > asked.strong
    return heavier or bool(beyond)


def _verify_one(grant: Grant, approval: Approval, request: ApprovalRequest, policy: Policy, now: float) -> None:
    key = verify_signature(grant, approval.request, policy)
    if grant.action_digest != request.action_digest or grant.revision != request.revision:
        raise MismatchedGrantError(f"grant for {request.id}", "the call or the policy has changed since", "ask again")
    if not usable(approval, now) or now > grant.not_after or grant.decided > approval.request.expires:
        raise ExpiredGrantError(f"grant for {request.id}", "it came or was used too late", "ask again")
    check_may_answer(key, request, grant.origin)


def people(grants: Iterable[Grant], shared: Collection[KeyId]) -> int:
    """Count the people who said yes: neither one name nor one person's own key counts twice.

    Args:
        shared: the keys by which several people answer (`shared_keys`).
    """
    names: set[str] = set()
    keys: set[KeyId] = set()
    for grant in grants:
        if grant.allow and grant.approver not in names and grant.key not in keys:
            names.add(grant.approver)
            keys |= {grant.key} - set(shared)
    return len(names)


def shared_keys(policy: Policy) -> frozenset[KeyId]:
    """Return the keys by which several people answer: the hub's, which tells them apart by name."""
    return frozenset(key.id for key in policy.approvers if key.kind is KeyKind.HUB)


def check_may_answer(key: ApproverKey, request: ApprovalRequest, origin: str) -> None:
    """Raise WeakApproverError unless policy lets this key approve a call of this level, from this origin.

    What asks for a strong approver takes a person's own key or passkey, or a one-time code for which policy takes the
    hub's word; a channel's key never opens critical_red, whatever pins it. Where several people have to approve, each
    must be told apart: a chat channel's key does not do that, nor a person's that is pinned without a name.
    """
    within = _within(key, origin)
    if within is None or request.level > min(key.up_to, within):
        fix = "approve it at the console, or with the owner's own key"
        raise _weak(key, request, f"may not approve {request.level.word} here", fix)
    strong = request.strong or (request.level is Level.CRITICAL_RED and key.kind is KeyKind.CHANNEL)
    if strong and not (key.kind in OWN_KEYS or (key.strong and _factor(origin) == TOTP)):
        raise _weak(key, request, f"may not approve {request.level.word} here", "approve it with the owner's own key")
    nameless = key.kind in OWN_KEYS and not key.names
    if request.quorum > 1 and (key.kind is KeyKind.CHANNEL or nameless):
        raise _weak(key, request, "does not tell people apart", "pin it with `names`, or approve it at the console")


def _weak(key: ApproverKey, request: ApprovalRequest, reason: str, fix: str) -> WeakApproverError:
    return WeakApproverError(f"grant for {request.id}", f"key {key.id} {reason}", fix)


def _within(key: ApproverKey, origin: str) -> Level | None:
    """Return the gravest level that may be approved from `origin`; None for nothing at all."""
    channel = origin.partition(":")[0].partition("+")[0]
    if key.kind is not KeyKind.HUB or (channel in SCREENS and channel not in key.channels):
        return key.up_to
    return key.channels.get(channel)


def _factor(origin: str) -> str:
    return origin.partition(":")[0].partition("+")[2]


def channel_key(public: str, request: ApprovalRequest, policy: Policy) -> ApproverKey:
    """Return the pinned key by which the buttons of a chat channel may answer `request`.

    Args:
        public: Ed25519 public key of the edge, hexadecimal: it signs what a button says.

    Raises:
        WeakApproverError: the policy pins no such key, or not for this level.
    """
    own = key_id(KeyKind.CHANNEL, VerifyKey(bytes.fromhex(public)))
    pinned = (key for key in policy.approvers if key.kind is KeyKind.CHANNEL and (key.id, key.public) == (own, public))
    key = next(pinned, None)
    if key is None:
        raise WeakApproverError(
            f"grant for {request.id}",
            "the policy lets no chat channel approve",
            "answer at the hub, or publish what `safety approvals channel` prints",
        )
    check_may_answer(key, request, "channel")
    return key
