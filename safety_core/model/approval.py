"""A question to a person, and the signed answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from safety_core.canonical import Digest, JsonObject
from safety_core.model.level import Level
from safety_core.model.tool_call import AgentId, SessionId, TenantId

RequestId = NewType("RequestId", str)
KeyId = NewType("KeyId", str)

ANSWER_SECONDS: Final = 24 * 3600
"""How long a person has for the answer."""

USE_SECONDS: Final = 600
"""How long a grant may be used once it has reached the edge: the 24 hours are for the answer, not for the use."""


class ApprovalState(StrEnum):
    """Where a request stands. What may follow what: `safety_core.approve.TRANSITIONS`."""

    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    USED = "used"


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """The question, on exact bytes.

    Attributes:
        params: the arguments, secrets as references.
        action_digest: what the answer is bound to (`safety_core.approve.action_digest`).
        strong: only a person's own key may approve, not the hub's.
        created, expires: seconds since the epoch.
    """

    id: RequestId
    tenant: TenantId
    agent: AgentId
    session: SessionId
    tool: str
    params: JsonObject
    level: Level
    outward: bool
    strong: bool
    rules: tuple[str, ...]
    reason: str
    action_digest: Digest
    revision: str
    created: float
    expires: float


@dataclass(frozen=True, slots=True)
class Grant:
    """A signed decision, allowing or denying, over one request. Single use.

    Attributes:
        nonce: 32 hexadecimal digits, drawn by the signer.
        approver: who decided, as the hub knows them.
        origin: from where ("console", "cli", a channel's name).
        not_after: seconds since the epoch.
        key: which pinned key signed.
        signature: Ed25519 over `safety_core.approve.grant_bytes`, hexadecimal.
    """

    request: RequestId
    action_digest: Digest
    revision: str
    allow: bool
    approver: str
    origin: str
    nonce: str
    decided: float
    not_after: float
    key: KeyId
    signature: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A request with its state at the edge: one row of the approval cache.

    Attributes:
        received: when the grant reached the edge, seconds since the epoch; 0.0 while there is none.
    """

    request: ApprovalRequest
    state: ApprovalState
    grant: Grant | None = None
    received: float = 0.0
