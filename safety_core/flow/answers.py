"""What a tool call passes under, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from safety_core.model.approval import ApprovalRequest
from safety_core.model.connection import NONE, Connections
from safety_core.model.execution import ExecutionId
from safety_core.model.policy import Policy
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Verdict
from safety_core.redact.redactor import Redactor
from safety_core.resolve import Plan


@dataclass(frozen=True, slots=True)
class Context:
    """What holds while one call passes: the policy that was trusted when it came in, and the secrets known by then.

    Attributes:
        workspace: absolute path of the agent's workspace, the base of relative paths.
        wait: seconds to wait for a quick answer before the call is parked.
        connections: the services that the operator has connected.
        canaries: names of the secrets that nobody uses; a call that shows one does not run.
        foreseen: says, as counts for the audit, whether a response of the agent's model proposed this very call.
    """

    policy: Policy
    redactor: Redactor
    workspace: str
    wait: float = 0.0
    foreseen: Callable[[ToolCall], Mapping[str, int]] = lambda call: {}
    connections: Connections = field(default_factory=lambda: NONE)
    canaries: frozenset[SecretName] = frozenset()


@dataclass(frozen=True, slots=True)
class Permitted:
    """The caller may run the tool now, once. `passed_on`: it only makes another call, which is still to be judged."""

    call: ToolCall
    verdict: Verdict
    passed_on: bool = False


@dataclass(frozen=True, slots=True)
class Entrusted:
    """The edge may run the call now, once: it needs what only the edge has. Nothing of `plan` is resolved yet."""

    call: ToolCall
    verdict: Verdict
    plan: Plan


@dataclass(frozen=True, slots=True)
class Pending:
    """A person has been asked. Nothing has run; repeating the same call later meets the answer."""

    request: ApprovalRequest
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Refused:
    """The call must not run. `rule` is a floor, a rule, or the class of the error that stopped it.

    Attributes:
        instead: the approved question about another call, into which an approver changed this one.
    """

    rule: str
    reason: str
    verdict: Verdict | None = None
    instead: ApprovalRequest | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """The tool ran.

    Attributes:
        output: what the model may see.
        execution: under which id it is written down.
        undoable: what takes it back is written down, too.
        repeated: it had run before, under the same key; this is what came of it then.
        withheld: it ran, and its output speaks to the model that would read it, or nobody could look into it: a notice
            stands in its place.
    """

    output: str
    status: int
    truncated: bool
    findings: int
    verdict: Verdict
    execution: ExecutionId
    undoable: bool = False
    repeated: bool = False
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Sendable:
    """The text may leave for whom it is meant; `content` is it without secrets."""

    content: str


Answer: TypeAlias = Permitted | Entrusted | Pending | Refused
