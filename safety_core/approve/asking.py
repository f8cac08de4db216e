"""Questions: what one is bound to, and what may follow what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from safety_core.canonical import Digest, Json, digest
from safety_core.model.approval import ANSWER_SECONDS, ApprovalRequest, ApprovalState, RequestId
from safety_core.model.policy import Policy
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Verdict

DENIAL_SECONDS: Final = 600
"""How long a "no" answers the same call again, so that an agent cannot wear its owner down by asking."""

CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 marks that nobody takes for one another: no I, O, 0 or 1."""

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
        quorum=policy.quorum.get(verdict.level, 1),
        files={**relies_on},
    )


def entry_of(
    request: ApprovalRequest, now: float, outcome: str, approver: str = "", rules: tuple[str, ...] = ()
) -> AuditEntry:
    """Return the line of the audit log that says what became of a question."""
    return AuditEntry(
        now,
        Event.APPROVAL,
        request.agent,
        request.tool,
        request.id,
        request.level.word,
        outcome,
        rules,
        request.action_digest,
        request.revision,
        approver,
    )


def code(action_digest: Digest) -> str:
    """Return eight letters that stand for the call an approval is bound to, for comparing two screens by eye.

    The hub's card, `safety approvals` and the edge show it. It tells alike questions apart; it is no proof against a
    page that lies about call and code together: `safety approvals` works out the digest of what it shows by itself.
    """
    head = int(action_digest[:10], 16)
    marks = [CODE_LETTERS[head >> shift & 31] for shift in range(35, -5, -5)]
    return f"{''.join(marks[:4])}-{''.join(marks[4:])}"
