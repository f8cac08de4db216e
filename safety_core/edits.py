"""An approver's other arguments for a call: signed, and good for nothing but to have the changed call judged and asked.

`check_edit` checks, in order: who signed (a key pinned in the signed policy, under a name that is its holder's), what
was signed (this question, this digest), and when (while the question was open). Left to the caller: that the question
is open still, and everything about the changed call, which is a new call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from nacl.signing import SigningKey

from safety_core.approve import Answer, check_signed, key_id
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import ExpiredGrantError, ForgedGrantError, MismatchedGrantError
from safety_core.model.approval import ApprovalRequest, Edit
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.wire.feed import edit_to_json, within

EDIT_CONTEXT: Final = b"safety-gateway edit v1\x00"
"""Separates signatures over edits from any other use of the same key."""


def edit_bytes(edit: Edit) -> bytes:
    """Return the bytes that the approver's key signs: everything in the edit but the signature."""
    fields = edit_to_json(edit)
    del fields["signature"]
    return EDIT_CONTEXT + canonical_bytes(fields)


def edit_of(
    request: ApprovalRequest, params: JsonObject, key: SigningKey, kind: KeyKind, said: Answer, now: float
) -> Edit:
    """Return the signed edit of `request`. `said`: by whom and from where; whether they allow is asked later.

    Raises:
        LimitError: it is longer than what an agent can be told.
    """
    edit = Edit(
        request=request.id,
        action_digest=request.action_digest,
        params=within(params, f"edit of {request.id}"),
        approver=said.approver,
        origin=said.origin,
        nonce=said.nonce,
        decided=now,
        key=key_id(kind, key.verify_key),
        signature="",
    )
    return replace(edit, signature=key.sign(edit_bytes(edit)).signature.hex())


def check_edit(edit: Edit, request: ApprovalRequest, policy: Policy) -> ApproverKey:
    """Return the pinned key that signed `edit` of `request`.

    Raises:
        ForgedGrantError: no key pinned in the policy made this signature, or not under a name that it is pinned for.
        MismatchedGrantError: it is one of another question.
        ExpiredGrantError: it was made after the question's end.
    """
    thing = f"edit of {request.id}"
    key = next((key for key in policy.approvers if key.id == edit.key), None)
    if key is None:
        raise ForgedGrantError(
            thing, "its key is not pinned in the policy", "publish a policy that pins the approver's key"
        )
    check_signed(edit_bytes(edit), edit.signature, None, key, thing)
    if key.names and edit.approver not in key.names:
        raise ForgedGrantError(thing, "it names somebody else than the holder of its key", "sign under your own name")
    if (edit.request, edit.action_digest) != (request.id, request.action_digest):
        raise MismatchedGrantError(thing, "it was made of another question")
    if edit.decided > request.expires:
        raise ExpiredGrantError(thing, "it was made after the question's end", "let the agent ask again")
    return key
