"""A question to a person, and the signed answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
class Report:
    """What became of a question at its edge, for the hub: answered in a chat, used, expired, replaced by an edited one.

    Attributes:
        by: who answered, or changed it, as the grant or edit names them; empty where nobody did.
        at: seconds since the epoch.
        replaced: the question that stands for it now, where an approver changed the call.
        refused: why policy refused an approver's change, as names of rules or errors; the question stays as it is.
    """

    request: RequestId
    state: ApprovalState
    by: str
    at: float
    replaced: RequestId | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class StandingReport:
    """How an outward grant stands at its edge, for the hub.

    Attributes:
        remaining: calls that it still covers.
        ended: why it holds no more ("withdrawn", the error that refused it); empty while it may.
    """

    id: str
    remaining: int
    ended: str


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """The question, on exact bytes.

    Attributes:
        params: the arguments, secrets as references.
        action_digest: what the answer is bound to (`safety_core.approve.action_digest`).
        strong: only a person's own key may approve, not the hub's.
        created, expires: seconds since the epoch.
        recipients: whom and what the call reaches outside, as the edge read it: what an approver looks at first.
        amounts: sums of money in it, as they are shown ("499.00 EUR").
        quorum: how many people have to say yes.
        edited_from: the question that this one stands for, after an approver changed its arguments; empty if none.
        files: scripts that the call runs, by path, with the hashes of their texts: the answer is bound to these, too.
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
    recipients: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    quorum: int = 1
    edited_from: RequestId | None = None
    files: Mapping[str, Digest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a passkey signs in place of the bytes themselves (WebAuthn level 3, section 7.2).

    Attributes:
        authenticator_data, client_data: as the authenticator and the browser gave them.
        signature: over `authenticator_data` and the SHA-256 of `client_data`, whose challenge is the SHA-256 of
            `safety_core.approve.grant_bytes`.
    """

    authenticator_data: bytes
    client_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Grant:
    """A signed decision, allowing or denying, over one request. Single use.

    Attributes:
        nonce: 32 hexadecimal digits, drawn by the signer.
        approver: who decided, as the hub knows them.
        origin: from where ("console", "cli", a channel's name).
        not_after: seconds since the epoch.
        key: which pinned key signed.
        signature: Ed25519 over `safety_core.approve.grant_bytes`, hexadecimal; empty where a passkey signed.
        assertion: what the passkey signed, where one did.
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
    assertion: Assertion | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """An approver's other arguments for a call. It permits nothing: the edge judges the changed call and asks anew.

    Attributes:
        params: the arguments as the approver wants them, secrets as references.
        nonce: 32 hexadecimal digits.
        key, signature: as in a grant, over `safety_core.edits.edit_bytes`.
    """

    request: RequestId
    action_digest: Digest
    params: JsonObject
    approver: str
    origin: str
    nonce: str
    decided: float
    key: KeyId
    signature: str


@dataclass(frozen=True, slots=True)
class StandingGrant:
    """An outward grant that an approver made from a card: "mails to this customer, until Friday".

    Attributes:
        id: 32 hexadecimal digits.
        recipient: an address, host, or "@domain" for everybody there, as in `OutwardGrant`.
        not_after: seconds since the epoch.
        uses: how many calls it covers at most.
        key, signature, assertion: as in a grant, over `safety_core.standing.standing_bytes`.
    """

    id: str
    tenant: TenantId
    agent: AgentId
    tool: str
    recipient: str
    not_after: float
    uses: int
    approver: str
    origin: str
    decided: float
    key: KeyId
    signature: str
    assertion: Assertion | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The end of a standing grant before its time. It only tightens, so the hub's word is enough."""

    id: str


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A question that nobody is to answer any more. It only tightens, so the hub's word is enough."""

    request: RequestId
    approver: str


FeedItem = Grant | Edit | StandingGrant | Withdrawal | Cancellation
"""What an edge hears from the hub, in order."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A session that asked a question, went away with "pending", and is to be told the answer."""

    request: RequestId
    session: SessionId


@dataclass(frozen=True, slots=True)
class Approval:
    """A request with its state at the edge: one row of the approval cache.

    Attributes:
        grant: the answer that settled it: a "no", or the last "yes" that was needed.
        received: when the grant reached the edge, seconds since the epoch; 0.0 while there is none.
        others: the answers before it, where several people have to say yes.
        replaced: the question that stands for this one since an approver changed the call.
    """

    request: ApprovalRequest
    state: ApprovalState
    grant: Grant | None = None
    received: float = 0.0
    others: tuple[Grant, ...] = ()
    replaced: RequestId | None = None
