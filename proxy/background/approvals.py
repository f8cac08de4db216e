"""Questions to the hub and what became of them; answers from it; the end of what nobody answered.

The hub is a messenger: what loosens anything counts only once its signature was verified against a key that the signed
policy pins, and is verified again, with everything else, when it is used. What only tightens (a question cancelled, an
outward grant withdrawn) is taken at the hub's word.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from proxy.calls.changes import Changes
from proxy.calls.grants import Grants
from proxy.calls.outward import Outward
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.hub import HubClient
from safety_core.edge.standing import StandingStore
from safety_core.errors import BusyError, GrantError, InputError, LimitError, RefusedError, SafetyError
from safety_core.model.approval import (
    Cancellation,
    Edit,
    FeedItem,
    Grant,
    StandingGrant,
    Withdrawal,
)
from safety_core.model.tool_call import AgentId
from safety_core.wire.feed import BY_LIMIT, Told

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Brings every question to the hub, and what became of it, at least once; the hub counts it once.

    Attributes:
        scrub: takes secrets out of a text: who answered in a chat is what the chat's plugin says.
    """

    approvals: ApprovalStore
    standing: StandingStore
    hub: HubClient
    scrub: Callable[[str], str]

    async def send(self) -> None:
        """Send what is unsent, questions first; one that the hub refuses does not hold up the others, nor does an agent
        that asks too much.

        Raises:
            UnavailableError: the hub is away, or refuses something.
        """
        refused: SafetyError | None = None
        waiting: set[AgentId] = set()
        for identity in await self.approvals.outbox():
            approval = await self.approvals.get(identity)
            if approval is None or approval.request.agent in waiting:
                continue
            request = approval.request
            try:
                await self.hub.push_approval(request)
            except (RefusedError, InputError) as error:  # also what has no form in which it could be told
                refused = error
                continue
            except BusyError as error:
                refused = error
                waiting.add(request.agent)
                continue
            await self.approvals.mark_sent(request.id)
        await self._report()
        if refused is not None:
            raise refused

    async def _report(self) -> None:
        while True:
            place, reports = await self.approvals.reports()
            standing = await self.standing.untold()
            if not place and not standing:
                return
            clean = tuple(replace(report, by=self.scrub(report.by)[:BY_LIMIT]) for report in reports)
            await self.hub.push_reports(Told(clean, standing))
            await self.approvals.reported(place)
            await self.standing.told(standing)


@dataclass(slots=True)
class Inbox:
    """Takes up what approvers say, in the order in which the hub has it."""

    approvals: ApprovalStore
    grants: Grants
    changes: Changes
    outward: Outward
    hub: HubClient

    async def receive(self) -> None:
        """Take up all that there is. Raises SafetyError."""
        self.grants.in_force.latest()  # without a policy nobody says whose answers count: they wait at the hub
        while await self._page():
            pass

    async def _page(self) -> bool:
        """Take up some; False if there were none. The cursor moves only after that."""
        after = await self.approvals.cursor()
        decisions = await self.hub.decisions(after)
        for item in decisions.items:
            await self.take_up(item)
        if decisions.next == after:
            return False
        await self.approvals.move_cursor(decisions.next)
        return True

    async def take_up(self, item: FeedItem) -> None:
        """Do what an item says, or say in the log why it counts for nothing."""
        try:
            await self._take_up(item)
        except (GrantError, LimitError) as error:
            _log.warning("what an approver said was dropped: %s", error)

    async def _take_up(self, item: FeedItem) -> None:
        match item:
            case Grant():
                await self.grants.take_up(item)
            case Edit():
                await self.changes.edit(item)
            case Cancellation():
                await self.changes.cancel(item)
            case StandingGrant():
                await self.outward.take_up(item)
            case Withdrawal():
                await self.outward.withdraw(item)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ends questions that ran out of time, permissions that nobody used, and outward grants that policy has ended."""

    approvals: ApprovalStore
    outward: Outward

    async def expire(self) -> None:
        """Close every pending question past its end, and every permission past its minutes."""
        for request in await self.approvals.overdue(clock.now()):
            await self.approvals.close(request)
        await self.outward.sweep()
