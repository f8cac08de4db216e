"""What an agent wants to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from safety_core.canonical import Json, JsonObject

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
class ProposedCall:
    """One call as a model's response proposes it, before anybody's host has taken it up. Without secrets.

    Attributes:
        id: as the provider spells it, empty where it gives none.
        arguments: parsed; their text where that is no JSON; None where they were too large to keep, or were cut off.
    """

    id: str
    tool: str
    arguments: Json

    @property
    def params(self) -> JsonObject | None:
        """The arguments where a host could run the tool with them, else None."""
        return self.arguments if isinstance(self.arguments, dict) else None


@dataclass(frozen=True, slots=True)
class Undo:
    """The call that takes back what another one did. It is a call like any other: judged, and asked about."""

    tool: str
    params: JsonObject


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back, before redaction.

    Attributes:
        output: text (already decoded, undecodable bytes replaced).
        status: exit status of a process, HTTP status, or 0 for a file operation that came about.
        truncated: the output limit cut it off.
        undo: what would take it back, where something can.
    """

    output: str
    status: int = 0
    truncated: bool = False
    undo: Undo | None = None
