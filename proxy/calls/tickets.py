"""Calls that were decided and that the edge is to run, each for whoever shows its ticket: once, soon, on this edge.

A ticket is a secret of the one who asked: it is drawn by chance, stands in no log, and is in memory only, so a restart
lets nothing run that was decided before.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from proxy.caller import Caller
from proxy.errors import TicketError
from safety_core.canonical import canonical_bytes
from safety_core.edge import clock
from safety_core.edge.journal import Journal
from safety_core.errors import UncertainError
from safety_core.flow import effects
from safety_core.flow.answers import Entrusted
from safety_core.model.tool_call import ToolResult

SECONDS: Final = 120.0
"""From the decision to the redemption: a host starts its command at once, or after a person's second yes."""

LIMIT: Final = 1000
TOTAL_BYTES: Final = 16 * 1024 * 1024
"""Tickets at the same time, and the arguments of their calls; the oldest go. A bound on what an agent that only asks
can make us keep: one call may have 10 MiB."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a ticket stands for. `at`: when it was decided, seconds since the epoch."""

    entrusted: Entrusted
    at: float


class Tickets:
    """The tickets that nobody has shown yet, the oldest first."""

    def __init__(self, limit: int = LIMIT, total: int = TOTAL_BYTES) -> None:
        self._limit = limit
        self._total = total
        self._open: OrderedDict[str, tuple[Errand, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def issue(self, errand: Errand) -> str:
        """Return a new ticket for `errand`."""
        size = len(canonical_bytes(errand.entrusted.call.params))
        held = size + sum(known for _, known in self._open.values())
        while self._open and (len(self._open) >= self._limit or held > self._total or self._is_over(errand.at)):
            _, (_, known) = self._open.popitem(last=False)
            held -= known
        ticket = clock.new_id()
        self._open[ticket] = errand, size
        return ticket

    def _is_over(self, now: float) -> bool:
        oldest, _ = next(iter(self._open.values()))
        return now - oldest.at > SECONDS

    def take(self, ticket: str, now: float) -> Errand:
        """Return what `ticket` stands for; nobody gets it again.

        Raises:
            TicketError: it is not known, was used, or is too old.
        """
        errand, _ = self._open.pop(ticket, (None, 0))
        if errand is None or not 0 <= now - errand.at <= SECONDS:
            raise TicketError("the ticket", "is unknown, was used, or is too old", "make the call again")
        return errand


async def run_for(journal: Journal, caller: Caller, effect: effects.Execute) -> ToolResult:
    """Run a tool as long as somebody waits for what comes of it; then it is ended. Raises ExecutionError."""
    result = await caller.patiently(journal.performed(effect))
    if result is None:
        raise UncertainError("the call", "was ended, because nobody waited for it any more")
    return result
