"""Approvals: what a question is bound to, what may follow what, and when an answer counts.

A grant is believed only here, at the edge. `verify_grant` checks, in order: who signed (a key pinned in the signed
policy), what was signed (this request, this digest, this policy revision), when (not after its end, nor long after it
arrived), and whether that key may approve this level. Left to the caller: using it once (`UseGrant`, atomic).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaclValueError
from nacl.signing import SigningKey, VerifyKey

from safety_core.assertion import verify_assertion
from safety_core.canonical import Digest, Json, canonical_bytes, digest
from safety_core.errors import (
    ExpiredGrantError,
    ForgedGrantError,
    MismatchedGrantError,
    ReplayedGrantError,
    WeakApproverError,
)
from safety_core.model.approval import (
    ANSWER_SECONDS,
    USE_SECONDS,
    Approval,
    ApprovalRequest,
    ApprovalState,
    Assertion,
    Grant,
    KeyId,
    RequestId,
)
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Verdict
from safety_core.wire.approvals import grant_to_json

DENIAL_SECONDS: Final = 600
"""How long a "no" answers the same call again, so that an agent cannot wear its owner down by asking."""

BACK_SECONDS: Final = 60
"""How far a clock may be set back while a grant waits."""

GRANT_CONTEXT: Final = b"safety-gateway grant v1\x00"
"""Separates signatures over grants from any other use of the same key."""

CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 marks that nobody takes for one another: no I, O, 0 or 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an approver says.

    Attributes:
        approver: who, as the hub knows them.
        origin: from where ("console", "cli", a channel's name).
        nonce: 32 fresh hexadecimal digits.
    """

    allow: bool
    approver: str
    origin: str
    nonce: str


TRANSITIONS: Final[Mapping[ApprovalState, frozenset[ApprovalState]]] = {
    ApprovalState.PENDING: frozenset(
        {ApprovalState.GRANTED, ApprovalState.DENIED, ApprovalState.EXPIRED, ApprovalState.CANCELLED}
    ),
    ApprovalState.GRANTED: frozenset({ApprovalState.USED, ApprovalState.EXPIRED}),
    ApprovalState.DENIED: frozenset(),
    ApprovalState.EXPIRED: frozenset(),
    ApprovalState.CANCELLED: frozenset(),
    ApprovalState.USED: frozenset(),
}


def action_digest(
    call: ToolCall, tool: str, policy: Policy, relies_on: Mapping[str, Digest] = MappingProxyType({})
) -> Digest:
    """Return the hash an approval is bound to: tenant, agent, canonical tool, and arguments but the volatile ones.

    Args:
        relies_on: by path, hashes of the texts of scripts that the call runs: whoever allowed them allowed no others.
    """
    volatile = policy.volatile.get(tool, frozenset())
    params: dict[str, Json] = {name: value for name, value in call.params.items() if name not in volatile}
    bound: dict[str, Json] = {"tenant": call.tenant, "agent": call.agent, "tool": tool, "params": params}
    return digest({**bound, "files": {**relies_on}} if relies_on else bound)


def new_request(
    request_id: RequestId,
    call: ToolCall,
    verdict: Verdict,
    policy: Policy,
    *,
    strong: bool,
    now: float,
    relies_on: Mapping[str, Digest] = MappingProxyType({}),
) -> ApprovalRequest:
    """Return the question that goes to the approver. `relies_on` as in `action_digest`."""
    return ApprovalRequest(
        id=request_id,
        tenant=call.tenant,
        agent=call.agent,
        session=call.session,
        tool=verdict.facts.tool,
        params=call.params,
        level=verdict.level,
        outward=verdict.outward,
        strong=strong,
        rules=tuple(dict.fromkeys(hit.rule for hit in verdict.hits)),
        reason=verdict.why,
        action_digest=action_digest(call, verdict.facts.tool, policy, relies_on),
        revision=policy.revision,
        created=now,
        expires=now + ANSWER_SECONDS,
    )


def grant_bytes(grant: Grant) -> bytes:
    """Return the bytes that the approver's key signs: everything in the grant but the signature."""
    fields = grant_to_json(replace(grant, assertion=None))
    del fields["signature"]
    return GRANT_CONTEXT + canonical_bytes(fields)


def challenge(grant: Grant) -> bytes:
    """Return what a passkey signs for `grant`: 32 bytes."""
    return hashlib.sha256(grant_bytes(grant)).digest()


def code(action_digest: Digest) -> str:
    """Return eight letters that stand for the call an approval is bound to, for comparing two screens by eye.

    The hub's card, `safety approvals` and the edge show it. It tells alike questions apart; it is no proof against a
    page that lies about call and code together: `safety approvals` works out the digest of what it shows by itself.
    """
    head = int(action_digest[:10], 16)
    marks = [CODE_LETTERS[head >> shift & 31] for shift in range(35, -5, -5)]
    return f"{''.join(marks[:4])}-{''.join(marks[4:])}"


def key_id(kind: KeyKind, key: VerifyKey | bytes) -> KeyId:
    """Return the name of an approver's key, the same wherever it is derived: in policies, at the hub, in grants.

    Args:
        key: the public key; a passkey's as its SubjectPublicKeyInfo (DER).
    """
    return KeyId(f"{kind}-{hashlib.sha256(bytes(key)).hexdigest()[:16]}")


def answer(request: ApprovalRequest, key: SigningKey, kind: KeyKind, said: Answer, now: float) -> Grant:
    """Return the signed answer to `request`. It may wait for the edge as long as the question could wait for it."""
    grant = unsigned(request, key_id(kind, key.verify_key), said, now)
    return replace(grant, signature=key.sign(grant_bytes(grant)).signature.hex())


def unsigned(request: ApprovalRequest, key: KeyId, said: Answer, now: float) -> Grant:
    """Return the answer that the holder of `key` is to sign."""
    return Grant(
        request=request.id,
        action_digest=request.action_digest,
        revision=request.revision,
        allow=said.allow,
        approver=said.approver,
        origin=said.origin,
        nonce=said.nonce,
        decided=now,
        not_after=max(request.expires, now + USE_SECONDS),
        key=key,
        signature="",
    )


def check_signed(message: bytes, signature: str, assertion: Assertion | None, key: ApproverKey, thing: str) -> None:
    """Return if the holder of `key` signed `message`: in person by a passkey, or with the key itself.

    Args:
        signature: Ed25519, hexadecimal; empty where a passkey signed.
        assertion: what the passkey signed, for the SHA-256 of `message` as its challenge.
        thing: what is signed, for errors ("grant for 7f3a").

    Raises:
        ForgedGrantError: nobody signed it, or not as this key signs.
        MismatchedGrantError, WeakApproverError: as in `safety_core.assertion.verify_assertion`.
    """
    if (assertion is None) == (key.kind is KeyKind.PASSKEY) or (assertion is None) == (not signature):
        raise ForgedGrantError(thing, "it is not signed as its key signs", "sign with the approver's own key")
    if assertion is not None:
        verify_assertion(assertion, hashlib.sha256(message).digest(), key, thing)
        return
    try:
        VerifyKey(bytes.fromhex(key.public)).verify(message, bytes.fromhex(signature))
    except (BadSignatureError, NaclValueError, ValueError) as error:
        raise ForgedGrantError(
            thing, "its signature is not the approver's", "sign with the approver's own key"
        ) from error


def check_signed_by(grant: Grant, key: ApproverKey) -> None:
    """Return if the holder of `key` signed `grant` under a name that is theirs. Raises GrantError as `check_signed`."""
    thing = f"grant for {grant.request}"
    check_signed(grant_bytes(grant), grant.signature, grant.assertion, key, thing)
    if key.names and grant.approver not in key.names:
        raise ForgedGrantError(thing, "it names somebody else than the holder of its key", "sign under your own name")


def check_answers(grant: Grant, request: ApprovalRequest) -> None:
    """Raise MismatchedGrantError unless `grant` was given for exactly this question."""
    if (grant.request, grant.action_digest, grant.revision) != (request.id, request.action_digest, request.revision):
        raise MismatchedGrantError(f"grant for {request.id}", "it was given for another request")


def verify_signature(grant: Grant, request: ApprovalRequest, policy: Policy) -> ApproverKey:
    """Return the pinned key that signed `grant` for `request`, whichever way it decides.

    Raises:
        ForgedGrantError: no key pinned in the policy made this signature.
        MismatchedGrantError: it is an answer to another question.
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
    key = verify_signature(grant, approval.request, policy)
    if grant.action_digest != request.action_digest or grant.revision != request.revision:
        raise MismatchedGrantError(f"grant for {request.id}", "the call or the policy has changed since", "ask again")
    if not usable(approval, now) or now > grant.not_after or grant.decided > approval.request.expires:
        raise ExpiredGrantError(f"grant for {request.id}", "it came or was used too late", "ask again")
    check_may_answer(key, request)
    return grant


def check_may_answer(key: ApproverKey, request: ApprovalRequest) -> None:
    """Raise WeakApproverError unless policy lets this key approve a call of this level.

    What asks for a strong approver takes a person's own key; a channel's never opens critical_red, whatever pins it.
    """
    strong = request.strong or (request.level is Level.CRITICAL_RED and key.kind is KeyKind.CHANNEL)
    if request.level > key.up_to or (strong and key.kind is not KeyKind.PERSON):
        raise WeakApproverError(
            f"grant for {request.id}",
            f"key {key.id} may not approve {request.level.word} here",
            "approve it with the owner's own key",
        )


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
    check_may_answer(key, request)
    return key
