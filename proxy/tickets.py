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
from safety_core.edge import clock
from safety_core.edge.execute import execute
from safety_core.errors import ExecutionError
from safety_core.flow import effects
from safety_core.flow.answers import Entrusted
from safety_core.model.tool_call import ToolResult

SECONDS: Final = 120.0
"""From the decision to the redemption: a host starts its command at once, or after a person's second yes."""

LIMIT: Final = 1000
"""Tickets at the same time; the oldest goes. A bound on what an agent that only asks can make us keep."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a ticket stands for. `revision`: of the policy that it was decided under; `at`: seconds since the epoch."""

    entrusted: Entrusted
    revision: str
    at: float


class Tickets:
    """The tickets that nobody has shown yet."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._open: OrderedDict[str, Errand] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def issue(self, errand: Errand) -> str:
        """Return a new ticket for `errand`."""
        while self._open and len(self._open) >= self._limit:
            self._open.popitem(last=False)
        ticket = clock.new_id()
        self._open[ticket] = errand
        return ticket

    def take(self, ticket: str, now: float) -> Errand:
        """Return what `ticket` stands for; nobody gets it again.

        Raises:
            TicketError: it is not known, was used, or is too old.
        """
        errand = self._open.pop(ticket, None)
        if errand is None or not 0 <= now - errand.at <= SECONDS:
            raise TicketError("the ticket", "is unknown, was used, or is too old", "make the call again")
        return errand


async def run_for(caller: Caller, effect: effects.Execute) -> ToolResult:
    """Run a tool as long as somebody waits for what comes of it; then it is ended. Raises ExecutionError."""
    result = await caller.patiently(execute(effect.plan, effect.values))
    if result is None:
        raise ExecutionError("the call", "was ended, because nobody waited for it any more")
    return result
