"""Counts what became of calls, and who was there last, for the heartbeats. Sums since the edge began, all bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safety_core.edge import clock
from safety_core.model.level import Outcome
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.activity import AGENTS, Count

_ASKED: Final = frozenset({Outcome.ASK.word, Outcome.ASK_STRONG.word})


class Tally:
    """Looks at each record of a call before it is written. `since`: seconds since the epoch."""

    def __init__(self) -> None:
        self.since: Final = clock.now()
        self._counts = dict.fromkeys((Count.CALLS, Count.ASKED, Count.DENIED, Count.FAILED), 0)
        self._seen: dict[AgentId, float] = {}

    @property
    def counts(self) -> Mapping[Count, int]:
        """The sums."""
        return self._counts

    def seen(self) -> Mapping[AgentId, float]:
        """Return when each agent's last call came."""
        return self._seen

    def note(self, entry: AuditEntry) -> None:
        """Count what this record says. A call that a model only proposed so far is none yet."""
        if entry.exchange:
            return
        if entry.event is Event.PROPOSED:
            self._add(Count.CALLS)
            if entry.outcome in _ASKED:
                self._add(Count.ASKED)
            elif entry.outcome == Outcome.DENY.word:
                self._add(Count.DENIED)
            self._saw(AgentId(entry.agent), entry.at)
        elif entry.event is Event.REFUSED:  # with a level: by a person's word; without: by an error
            self._add(Count.DENIED if entry.level else Count.FAILED)
        elif entry.event is Event.FAILED or (entry.event is Event.ENDED and entry.counts.get("error")):
            self._add(Count.FAILED)

    def _add(self, count: Count) -> None:
        self._counts[count] += 1

    def _saw(self, agent: AgentId, at: float) -> None:
        self._seen.pop(agent, None)
        self._seen[agent] = at
        if len(self._seen) > AGENTS:
            del self._seen[next(iter(self._seen))]
