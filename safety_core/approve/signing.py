"""Answers as they are signed: by a key, or in person by a passkey."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaclValueError
from nacl.signing import SigningKey, VerifyKey

from safety_core.assertion import verify_assertion
from safety_core.canonical import canonical_bytes
from safety_core.errors import ForgedGrantError, MismatchedGrantError
from safety_core.model.approval import USE_SECONDS, ApprovalRequest, Assertion, Grant, KeyId
from safety_core.model.policy import ApproverKey, KeyKind
from safety_core.wire.approvals import grant_to_json

GRANT_CONTEXT: Final = b"safety-gateway grant v1\x00"
"""Separates signatures over grants from any other use of the same key."""


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


def grant_bytes(grant: Grant) -> bytes:
    """Return the bytes that the approver's key signs: everything in the grant but the signature."""
    fields = grant_to_json(replace(grant, assertion=None))
    del fields["signature"]
    return GRANT_CONTEXT + canonical_bytes(fields)


def challenge(grant: Grant) -> bytes:
    """Return what a passkey signs for `grant`: 32 bytes."""
    return hashlib.sha256(grant_bytes(grant)).digest()


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
