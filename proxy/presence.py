"""Which agents' plugins are there: each checks in and stays counted for a while."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.errors import SafetyError
from safety_core.model.tool_call import AgentId
from safety_core.wire.presence import CheckIn

TTL: Final = 90.0
"""Seconds that a check-in counts; a plugin repeats it three times as often."""

AGENTS: Final = 1000
"""Agents remembered at once; more than one machine runs, and a bound on what a caller can make us keep."""


class MissingPluginError(SafetyError):
    """An agent that must be guarded by its plugin is not."""


@dataclass(frozen=True, slots=True)
class _Seen:
    check_in: CheckIn
    at: float


class Presence:
    """Who has checked in, and when."""

    def __init__(self, required: Collection[AgentId] = ()) -> None:
        self._required = frozenset(required)
        self._seen: dict[AgentId, _Seen] = {}

    def check_in(self, who: CheckIn, now: float) -> None:
        """Count the plugin of `who.agent` as there from `now` on."""
        self._seen.pop(who.agent, None)
        self._seen[who.agent] = _Seen(who, now)
        if len(self._seen) > AGENTS:
            del self._seen[next(iter(self._seen))]

    def demand(self, agent: AgentId, now: float) -> None:
        """Raise MissingPluginError if `agent` must have a plugin and it has not checked in of late."""
        if agent not in self._required:
            return
        seen = self._seen.get(agent)
        if seen is None or now > seen.at + TTL:
            raise MissingPluginError(
                f"agent {agent}",
                "its safety plugin has not checked in",
                "enable the safety plugin in the agent and restart it",
            )

    def to_json(self, now: float) -> list[JsonObject]:
        """Return who is there, for the status."""
        return [
            {
                "agent": agent,
                "plugin": seen.check_in.plugin,
                "version": seen.check_in.version,
                "seconds_ago": round(now - seen.at, 1),
            }
            for agent, seen in self._seen.items()
            if now <= seen.at + TTL
        ]
