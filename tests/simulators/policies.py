"""Policies for tests of the pure core: the design's matrix, and whatever a test varies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from nacl.signing import SigningKey

from safety_core.approve import grant_bytes
from safety_core.canonical import JsonObject
from safety_core.edits import edit_bytes
from safety_core.model.approval import ApprovalRequest, Edit, Grant, KeyId, StandingGrant
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.model.tool_call import AgentId, TenantId
from safety_core.standing import sign_standing

TENANT: Final = TenantId("bakery")

_ROWS: Final = {
    Level.GREEN: (Outcome.ALLOW, Outcome.ALLOW, Outcome.ALLOW),
    Level.YELLOW: (Outcome.ASK, Outcome.ALLOW, Outcome.ALLOW),
    Level.YELLOW_EXTERNAL: (Outcome.ASK, Outcome.ASK, Outcome.ASK),
    Level.RED: (Outcome.ASK, Outcome.ASK, Outcome.ALLOW),
    Level.CRITICAL_RED: (Outcome.ASK_STRONG, Outcome.ASK_STRONG, Outcome.ASK_STRONG),
}

MATRIX: Final = {(level, tier): row[tier - 1] for level, row in _ROWS.items() for tier in Tier}


def policy(**changes: Any) -> Policy:
    """Return the design's policy with `changes`."""
    base = Policy(
        tenant=TENANT,
        revision="0123456789abcdef",
        version=1,
        matrix=MATRIX,
        floors=frozenset({"disables_safety"}),
        agents={},
        default_tier=Tier.TRUSTED,
        approvers=(),
        outward=(),
        patterns=(),
        catalogue={},
        volatile={},
    )
    return replace(base, **changes)


def approver(key: SigningKey, name: str, kind: KeyKind, up_to: Level, **more: Any) -> ApproverKey:
    """Return the pinned form of `key`."""
    return ApproverKey(KeyId(name), kind, key.verify_key.encode().hex(), up_to, **more)


def signed_grant(signer: SigningKey, asked: ApprovalRequest, /, **changes: Any) -> Grant:
    """Return an answer to `asked`, allowing by default, signed by `signer`; `changes` are made before signing."""
    grant = Grant(
        request=asked.id,
        action_digest=asked.action_digest,
        revision=asked.revision,
        allow=True,
        approver="olga",
        origin="cli",
        nonce="0" * 32,
        decided=asked.created + 1,
        not_after=asked.expires,
        key=KeyId("hub"),
        signature="",
    )
    grant = replace(grant, **changes)
    return replace(grant, signature=signer.sign(grant_bytes(grant)).signature.hex())


def signed_edit(signer: SigningKey, asked: ApprovalRequest, params: JsonObject, /, **changes: Any) -> Edit:
    """Return other arguments for what `asked` is about, signed by `signer`; `changes` are made before signing."""
    edit = Edit(
        request=asked.id,
        action_digest=asked.action_digest,
        params=params,
        approver="olga",
        origin="console",
        nonce="0" * 32,
        decided=asked.created + 1,
        key=KeyId("hub"),
        signature="",
    )
    edit = replace(edit, **changes)
    return replace(edit, signature=signer.sign(edit_bytes(edit)).signature.hex())


def signed_standing(signer: SigningKey, /, **changes: Any) -> StandingGrant:
    """Return an outward grant for mails to Anna, signed by `signer`; `changes` are made before signing."""
    fields: dict[str, Any] = {
        "id": "a" * 32,
        "tenant": TENANT,
        "agent": AgentId("helper"),
        "tool": "message",
        "recipient": "anna@x.example",
        "not_after": 1_000_000.0 + 3600,
        "uses": 2,
        "approver": "olga",
        "origin": "console",
        "decided": 1_000_000.0,
        "key": KeyId("hub"),
        "signature": "",
    }
    return sign_standing(StandingGrant(**{**fields, **changes}), signer)
