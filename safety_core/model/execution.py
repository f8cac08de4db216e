"""One thing that the edge did for an agent, or was about to: what is written down before and after.

A key names one intended act, whatever number of tries it takes. States, in one table:

    begun    -> done | failed | unknown
    failed   -> begun                      another try
    unknown  -> begun                      another try, where that cannot act twice
    unknown  -> done | failed              a person has looked

A row that is begun and that no running process works on is one that a crash cut off: unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from safety_core.canonical import Digest
from safety_core.model.tool_call import AgentId, CallId, Undo

ExecutionId = NewType("ExecutionId", str)
"""32 hexadecimal digits."""


class ExecutionState(StrEnum):
    """What is known of it."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    """It did not come about."""
    UNKNOWN = "unknown"
    """It was cut off: nobody knows whether it came about."""


TRANSITIONS: Final[Mapping[ExecutionState, frozenset[ExecutionState]]] = {
    ExecutionState.BEGUN: frozenset({ExecutionState.DONE, ExecutionState.FAILED, ExecutionState.UNKNOWN}),
    ExecutionState.DONE: frozenset(),
    ExecutionState.FAILED: frozenset({ExecutionState.BEGUN}),
    ExecutionState.UNKNOWN: frozenset({ExecutionState.BEGUN, ExecutionState.DONE, ExecutionState.FAILED}),
}


class Repeat(StrEnum):
    """What another try does of an act that may have come about."""

    SAFE = "safe"
    """The same as the first: it reads, or leaves the same behind however often it is done."""
    KEYED = "keyed"
    """Nothing: the service, or what the adapter finds there, tells by the key that it has come about."""
    ASK = "ask"
    """Perhaps the same once more. A person has to look."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of it, as the agent saw it: without secrets.

    Attributes:
        status: exit status, HTTP status, or 0.
        undo: the call that takes it back, with references in place of secrets; None where nothing can.
    """

    output: str
    status: int = 0
    truncated: bool = False
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution.

    Attributes:
        key: chosen by the caller, one for each intended act of this agent; empty where it named none.
        tool: canonical name.
        act: digest of (agent, tool, arguments): what a key was used for.
        revision: of the policy that permitted it.
        at: when the last try began, seconds since the epoch.
        ending: None unless it is done. Of an act without a key the output is not kept.
    """

    id: ExecutionId
    agent: AgentId
    key: str
    tool: str
    call: CallId
    act: Digest
    revision: str
    at: float
    state: ExecutionState = ExecutionState.BEGUN
    ending: Ending | None = None
