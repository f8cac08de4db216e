"""Questions to the hub, answers from it, and the end of questions that nobody answered.

The hub is a messenger: an answer counts only once its signature was verified against a key that the signed policy pins,
and is verified again, with everything else, when it is used.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from proxy.calls.grants import Grants
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.hub import HubClient
from safety_core.errors import GrantError, RefusedError, SafetyError
from safety_core.model.approval import Grant

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Brings every question to the hub, at least once; the hub counts it once."""

    approvals: ApprovalStore
    hub: HubClient

    async def send(self) -> None:
        """Send what is unsent; a question that the hub refuses does not hold up the others. Raises UnavailableError."""
        refused: SafetyError | None = None
        for request in await self.approvals.unsent():
            try:
                await self.hub.push_approval(request)
            except RefusedError as error:
                refused = error
                continue
            await self.approvals.mark_sent(request.id)
        if refused is not None:
            raise refused


@dataclass(slots=True)
class Inbox:
    """Takes up answers."""

    approvals: ApprovalStore
    grants: Grants
    hub: HubClient

    async def receive(self) -> None:
        """Take up all answers that there are. Raises SafetyError."""
        self.grants.in_force.latest()  # without a policy nobody says whose answers count: they wait at the hub
        while await self._page():
            pass

    async def _page(self) -> bool:
        """Take up some; False if there were none. The cursor moves only after that."""
        after = await self.approvals.cursor()
        decisions = await self.hub.decisions(after)
        for grant in decisions.grants:
            await self.take_up(grant)
        if decisions.next == after:
            return False
        await self.approvals.move_cursor(decisions.next)
        return True

    async def take_up(self, grant: Grant) -> None:
        """Settle the question that `grant` answers, or say in the log why it does not."""
        try:
            await self.grants.take_up(grant)
        except GrantError as error:
            _log.warning("an answer was dropped: %s", error)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ends questions that ran out of time, so that nobody is asked about them any more."""

    approvals: ApprovalStore

    async def expire(self) -> None:
        """Close every pending question past its end."""
        now = clock.now()
        for approval in await self.approvals.pending():
            if now > approval.request.expires:
                await self.approvals.close(approval.request.id)
