"""What an agent wants to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from safety_core.canonical import JsonObject

TenantId = NewType("TenantId", str)
AgentId = NewType("AgentId", str)
SessionId = NewType("SessionId", str)
CallId = NewType("CallId", str)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that an agent proposes. `params` holds secrets only as references."""

    id: CallId
    tenant: TenantId
    agent: AgentId
    session: SessionId
    tool: str
    params: JsonObject


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back, before redaction.

    Attributes:
        output: text (already decoded, undecodable bytes replaced).
        status: exit status of a process, HTTP status, or 0 for a file operation that came about.
        truncated: the output limit cut it off.
    """

    output: str
    status: int = 0
    truncated: bool = False
