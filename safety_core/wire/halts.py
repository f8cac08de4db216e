"""The kill switch, parsed or refused.

POST /v1/halt   {"agent", "halt": bool, "reason"}    agent "*": every agent
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from safety_core.model.tool_call import AgentId
from safety_core.wire.names import NAME_LIMIT, name, plain
from safety_core.wire.reader import Reader

EVERY: Final = AgentId("*")
"""In a halt: every agent."""


@dataclass(frozen=True, slots=True)
class Halt:
    """The kill switch of one agent (or of `EVERY`), thrown or taken back."""

    agent: AgentId
    halt: bool
    reason: str


def halt_from(raw: bytes) -> Halt:
    """Return what the kill switch shall do, or raise InputError naming the field."""
    body = Reader.parse(raw, "request")
    halt = Halt(AgentId(name(body, "agent")), body.flag("halt"), plain(body.text("reason", ""), NAME_LIMIT))
    body.done()
    return halt
