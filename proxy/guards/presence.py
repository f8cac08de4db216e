"""Which agents' plugins are there: each process checks in and stays counted for a while, if all that guards is loaded.

A process echoes the nonce of the answer before, so that no second one can keep its place: a check-in with another is
answered, shown in the status, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.flow.interlock import incomplete
from safety_core.model.tool_call import AgentId
from safety_core.wire.presence import CheckIn, CheckOut

TTL: Final = 90.0
"""Seconds that a check-in counts; a plugin repeats it three times as often."""

PROCESSES: Final = 1000
"""Processes remembered at once; more than one machine runs, and a bound on what a caller can make us keep."""

GONE: Final = 3600.0
"""Seconds that the status goes on to show a process which is no longer there."""

SHOWN: Final = 8
"""Digits of a process's name that tell two of them apart."""


@dataclass(slots=True)
class _Process:
    """One process that guards one agent.

    Attributes:
        reason: why it does not count, empty if it does.
        at: when it was last heard of.
        nonces: what its next check-in may echo: what the last answer said, or (that answer may have been lost) what
            the last check-in echoed itself.
    """

    check_in: CheckIn
    reason: str
    at: float
    nonces: tuple[str, str]
    out: bool = False

    def gone(self, now: float) -> str:
        """Return how it is known to be gone at `now`, empty if it is there."""
        if self.out:
            return "its plugin has checked out: the gateway was stopped, or the plugin switched off"
        return "" if now <= self.at + TTL else f"its plugin was last heard of {now - self.at:.0f} s ago"

    def trouble(self, now: float) -> str:
        """Return why it does not count at `now`, empty if it does."""
        return self.gone(now) or self.reason


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to a check-in. `reason`: why it does not count, empty if it does."""

    nonce: str
    reason: str


class Presence:
    """Who has checked in, and when. `required`: the agents that the status misses where they have not."""

    def __init__(self, required: Collection[AgentId] = ()) -> None:
        self._required = tuple(dict.fromkeys(required))
        self._processes: dict[tuple[AgentId, str], _Process] = {}

    def check_in(self, who: CheckIn, now: float) -> Welcome:
        """Count the plugin of `who.agent` as there from `now` on, if it is complete."""
        key = (who.agent, who.process)
        known = self._processes.get(key)
        nonce = clock.new_id()
        if known and who.process and not known.out and who.nonce not in known.nonces:
            return Welcome(nonce, "it does not echo the nonce of the answer before; another process uses its name")
        reason = incomplete(who)
        self._processes.pop(key, None)
        self._processes[key] = _Process(who, reason, now, (nonce, who.nonce))
        if len(self._processes) > PROCESSES:
            del self._processes[next(iter(self._processes))]
        return Welcome(nonce, reason)

    def check_out(self, who: CheckOut) -> bool:
        """Count a process no longer: it ends. Tell whether it was known."""
        known = self._processes.get((who.agent, who.process))
        if known is None:
            return False
        known.out = True
        return True

    def trouble(self, agent: AgentId, now: float) -> str:
        """Return why no plugin of `agent` counts as there, empty if one does."""
        troubles = [process.trouble(now) for (name, _), process in self._processes.items() if name == agent]
        if not troubles:
            return "its plugin has not checked in"
        return "" if "" in troubles else troubles[-1]

    def objection(self, agent: AgentId, process: str, now: float) -> str:
        """Return why this very process does not count, empty if it does or is not known (any more)."""
        known = self._processes.get((agent, process))
        return "" if known is None or known.gone(now) else known.reason

    def seen(self) -> dict[AgentId, float]:
        """Return when each agent's plugin was last heard of, of those that are remembered."""
        last: dict[AgentId, float] = {}
        for (agent, _), process in self._processes.items():
            last[agent] = max(process.at, last.get(agent, 0.0))
        return last

    def newest(self) -> CheckIn | None:
        """Return the check-in that came last, None before the first."""
        return next((process.check_in for process in reversed(self._processes.values())), None)

    def to_json(self, now: float) -> list[JsonObject]:
        """Return who is there, who was until lately, and who must be and is not, for the status."""
        self._processes = {key: known for key, known in self._processes.items() if now <= known.at + GONE}
        shown = [_shown(process, now) for process in self._processes.values()]
        seen = {name for name, _ in self._processes}
        for name in self._required:
            if name not in seen:
                shown.append({"agent": name, "state": "missing", "reason": self.trouble(name, now)})
        return shown


def _shown(process: _Process, now: float) -> JsonObject:
    who, gone, trouble = process.check_in, process.gone(now), process.trouble(now)
    copies: dict[str, Json] = {copy: len(names) for copy, names in sorted(who.hooks.items())}
    return {
        "agent": who.agent,
        "plugin": who.plugin,
        "version": who.version,
        "host": who.host,
        "process": who.process[:SHOWN],
        "seconds_ago": round(now - process.at, 1),
        "state": "gone" if gone else "incomplete" if trouble else "present",
        "reason": trouble,
        "copies": copies,
        "fired": dict(sorted(who.fired.items())),
        "memory": who.memory,
    }
