"""Policies for tests of the pure core: the design's matrix, and whatever a test varies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from nacl.signing import SigningKey

from safety_core.approve import grant_bytes
from safety_core.model.approval import ApprovalRequest, Grant, KeyId
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.model.tool_call import TenantId

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


def approver(key: SigningKey, name: str, kind: KeyKind, up_to: Level) -> ApproverKey:
    """Return the pinned form of `key`."""
    return ApproverKey(KeyId(name), kind, key.verify_key.encode().hex(), up_to)


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
