"""What a flow asks of the world: one frozen value per request, typed by its reply.

A flow is a generator that yields effects. A driver (`safety_core.edge.driver`) performs each one and sends the reply
back, or throws `EffectFailed`. `reply = yield from Judge(facts)` is fully typed: `Effect[R].__iter__` returns an `R`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from safety_core.canonical import Digest
from safety_core.classify.files import Written
from safety_core.model.approval import Approval, ApprovalRequest, Grant, RequestId, StandingGrant
from safety_core.model.descent import Descent
from safety_core.model.execution import Ending, Execution, ExecutionId, ExecutionState
from safety_core.model.facts import Facts
from safety_core.model.record import AuditEntry
from safety_core.model.secret import SecretName, SecretValue, Use
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall, ToolResult
from safety_core.model.usage import Usage
from safety_core.model.verdict import Decision
from safety_core.resolve import Plan

R = TypeVar("R")
Flow: TypeAlias = "Generator[Effect[Any], Any, R]"


class Effect(Generic[R]):
    """One request to the world, answered with an `R`."""

    __slots__ = ()

    def __iter__(self) -> Generator[Effect[R], R, R]:
        return (yield self)


@dataclass(frozen=True, slots=True)
class Now(Effect[float]):
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class NewId(Effect[str]):
    """32 fresh hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Judge(Effect[Decision]):
    """What the policy engine says about these facts. `call`, without secrets, is for a candidate policy beside it."""

    facts: Facts
    call: ToolCall | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RecallFiles(Effect[Written]):
    """What this session is known to have left in files; nothing where nobody remembers."""

    agent: AgentId
    session: SessionId


@dataclass(frozen=True, slots=True)
class NoteFiles(Effect[None]):
    """Add what a permitted call leaves in files to what is known of its session."""

    agent: AgentId
    session: SessionId
    written: Written


@dataclass(frozen=True, slots=True)
class RecallDescent(Effect[Descent]):
    """Where this session stands among agents that start agents."""

    agent: AgentId
    session: SessionId


@dataclass(frozen=True, slots=True)
class ReserveSubagent(Effect[None]):
    """Take a place for a session that `call` is about to start. Fails if `limit` of its family are running."""

    agent: AgentId
    session: SessionId
    call: CallId
    limit: int


@dataclass(frozen=True, slots=True)
class Record(Effect[int]):
    """Append to the audit log; the reply is the entry's index, and comes only once the entry is durable."""

    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class FindApproval(Effect[Approval | None]):
    """The newest approval for this action digest, in whatever state, or None."""

    action_digest: Digest


@dataclass(frozen=True, slots=True)
class OpenApproval(Effect[Approval]):
    """Make the request durable at the edge and queue it for the hub. An alike pending request is returned instead."""

    request: ApprovalRequest


@dataclass(frozen=True, slots=True)
class AwaitDecision(Effect[Approval]):
    """Wait up to `seconds` for the request to leave `pending`; the reply is its state then. `session`: who waits."""

    request: RequestId
    seconds: float
    session: SessionId


@dataclass(frozen=True, slots=True)
class CloseApproval(Effect[None]):
    """Move a request that ran out of time to `expired`."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class UseGrant(Effect[None]):
    """Consume the grant, atomically. Fails if anybody has used it before."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class FollowApproval(Effect[Approval]):
    """The question that stands for this one now: an approver may have changed the call, and once more after that."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class ReplaceApproval(Effect[Approval]):
    """End a pending request and put `request` in its place, in one durable step; the reply is what stands there then.

    Whoever was owed the answer to the one is owed that to the other. Fails if the old one is not pending any more.

    Attributes:
        by: who changed the call.
    """

    old: RequestId
    request: ApprovalRequest
    by: str


@dataclass(frozen=True, slots=True)
class AdoptPlan(Effect[None]):
    """Consume the grant of a plan, and let each of its calls run once, until `not_after`: in one durable step.

    Attributes:
        digests: of the calls; one that stands there twice may run twice.
    """

    grant: Grant
    agent: AgentId
    session: SessionId
    digests: tuple[Digest, ...]
    not_after: float


@dataclass(frozen=True, slots=True)
class FindPlan(Effect[Approval | None]):
    """The newest approved plan of this agent and session that still has a use for this call, or None."""

    agent: AgentId
    session: SessionId
    action_digest: Digest


@dataclass(frozen=True, slots=True)
class UsePlan(Effect[None]):
    """Take a plan's use for one call, atomically. Fails if there is none left."""

    request: RequestId
    action_digest: Digest


@dataclass(frozen=True, slots=True)
class RecallStanding(Effect[tuple[StandingGrant, ...]]):
    """The outward grants that approvers made for this agent and tool, and that are not used up or withdrawn."""

    agent: AgentId
    tool: str


@dataclass(frozen=True, slots=True)
class UseStanding(Effect[None]):
    """Count one use of each of these outward grants, all or none. Fails if any of them has none left."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckRefs(Effect[None]):
    """Fail unless there is a value behind each of these references that `use` may have; no value leaves the vault."""

    names: tuple[SecretName, ...]
    use: Use


@dataclass(frozen=True, slots=True)
class Resolve(Effect[Mapping[SecretName, SecretValue]]):
    """The values behind these references. Fails if one is missing, or not for `use`; each is put into the use log."""

    names: tuple[SecretName, ...]
    use: Use


@dataclass(frozen=True, slots=True)
class Remember(Effect[None]):
    """Put discovered values into the vault under their placeholders' names."""

    discovered: Mapping[SecretName, SecretValue]


@dataclass(frozen=True, slots=True)
class FindExecution(Effect[Execution | None]):
    """The execution for which this agent used this key, or None; one that a crash cut off is `unknown`."""

    agent: AgentId
    key: str


@dataclass(frozen=True, slots=True)
class BeginExecution(Effect[None]):
    """Put on disk that this begins. Fails if another one with its key has begun, or is done.

    Attributes:
        again: an earlier try is known, and may have come about; else it fails where there is such a one by now.
    """

    execution: Execution
    again: bool = False


@dataclass(frozen=True, slots=True)
class EndExecution(Effect[None]):
    """Put on disk what became of an execution."""

    id: ExecutionId
    state: ExecutionState
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Execute(Effect[ToolResult]):
    """Run the tool, with these values in the child or the request only.

    Attributes:
        key: the same for each try of one intended act.
        again: an earlier try with this key may have come about.
    """

    plan: Plan
    values: Mapping[SecretName, SecretValue]
    id: ExecutionId
    key: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class LookThrough(Effect[tuple[str, ...]]):
    """Why a text is taken to speak to a model; nothing where it does not. A long text takes a while."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Meter(Effect[None]):
    """Add one response's usage to its hourly bucket, durably and once per `request`.

    Attributes:
        others: models that may have answered in place of the one that was asked.
    """

    request: str
    agent: str
    provider: str
    model: str
    usage: Usage
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Together(Effect["tuple[Any, ...]"]):
    """Several effects of which none needs another's reply: they may be waited for at the same time.

    The reply holds their replies in order, and the EffectFailed of each that did not come about in its place.
    """

    parts: tuple[Effect[Any], ...]
