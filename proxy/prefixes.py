"""What each agent's prompt begins with, and since when: a change of it costs the provider's cache."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json
from safety_core.model.tool_call import AgentId
from safety_core.wire.turns import Turn

AGENTS: Final = 1000
"""Agents whose prefix is remembered; more than one machine runs."""


@dataclass(frozen=True, slots=True)
class _Prefix:
    """The part of a prompt that providers can cache: sha256 of SOUL.md and TOOLS.md. `since`: the first such turn."""

    soul: str
    tools: str
    since: float


class Prefixes:
    """The prefixes of the last turns; who has begun none for longest goes first."""

    def __init__(self) -> None:
        self._known: OrderedDict[AgentId, _Prefix] = OrderedDict()

    def note(self, turn: Turn, now: float) -> None:
        """Note with what `turn` begins, if its plugin says so."""
        if not turn.soul and not turn.tools:
            return
        before = self._known.get(turn.agent)
        if before is None or (before.soul, before.tools) != (turn.soul, turn.tools):
            self._known[turn.agent] = _Prefix(turn.soul, turn.tools, now)
        self._known.move_to_end(turn.agent)
        if len(self._known) > AGENTS:
            self._known.popitem(last=False)

    def to_json(self) -> list[Json]:
        """Return them by agent, for the status."""
        return [
            {"agent": agent, "soul": prefix.soul, "tools": prefix.tools, "since": prefix.since}
            for agent, prefix in self._known.items()
        ]
