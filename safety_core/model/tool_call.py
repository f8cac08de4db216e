"""What an agent wants to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from safety_core.canonical import JsonObject

TenantId = NewType("TenantId", str)
AgentId = NewType("AgentId", str)
SessionId = NewType("SessionId", str)
CallId = NewType("CallId", str)


class Hint(StrEnum):
    """What a tool's own server says of it (MCP tool annotations). Only what makes a call graver has a name here."""

    WRITES = "writes"
    DESTRUCTIVE = "destructive"
    OPEN_WORLD = "open_world"
    """It works with whoever and whatever is outside."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that an agent proposes. `params` holds secrets only as references."""

    id: CallId
    tenant: TenantId
    agent: AgentId
    session: SessionId
    tool: str
    params: JsonObject
    hints: frozenset[Hint] = frozenset()


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
