"""Outward grants from cards, on their way into and out of force here. How they count is the flow's (`flow.case`)."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.errors import NoPolicyError
from proxy.force import InForce
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.standing import StandingStore
from safety_core.errors import ExpiredGrantError, GrantError
from safety_core.model.approval import StandingGrant, Withdrawal
from safety_core.model.record import AuditEntry, Event
from safety_core.standing import check_standing


@dataclass(frozen=True, slots=True)
class Outward:
    """Takes them up, and ends them. One counts only under a key that the policy pins for it."""

    standing: StandingStore
    audit: AuditLog
    in_force: InForce

    async def take_up(self, grant: StandingGrant) -> None:
        """Keep a grant. The same one again changes nothing, and gives no use back.

        Raises:
            GrantError: policy does not let it count (this is recorded).
            LimitError: its agent has too many.
            NoPolicyError: no policy says whose count.
        """
        if await self.standing.known(grant.id):
            return
        policy, now = self.in_force.latest().policy, clock.now()
        try:
            check_standing(grant, policy, now)
            if now >= grant.not_after:
                raise ExpiredGrantError(f"outward grant {grant.id}", "its time is over")
            if await self.standing.lapsed(grant):
                reason = "is from before this edge was restored from a backup, and may be used up"
                raise ExpiredGrantError(f"outward grant {grant.id}", reason, "make it again")
        except GrantError as error:
            await self._record(grant, "dropped", "", (type(error).__name__,))
            await self.standing.refuse(grant, type(error).__name__)
            raise
        await self._record(grant, "made", grant.approver, ())
        await self.standing.keep(grant, now)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """End a grant, also one that has not come yet. It only tightens: nobody's signature is needed."""
        await self._end(withdrawal.id, "withdrawn")

    async def sweep(self) -> None:
        """End what the policy in force would not let count any more, for good."""
        try:
            policy = self.in_force.latest().policy
        except NoPolicyError:
            return
        now = clock.now()
        for grant in await self.standing.live(now):
            try:
                check_standing(grant, policy, now)
            except GrantError:
                await self._end(grant.id, "unpinned")

    async def _end(self, identity: str, why: str) -> None:
        ended = await self.standing.end(identity, why)
        if ended is not None:
            await self._record(ended, why, "", ())

    async def _record(self, grant: StandingGrant, outcome: str, approver: str, rules: tuple[str, ...]) -> None:
        revision = self.in_force.latest().policy.revision if self.in_force.any else ""
        entry = AuditEntry(
            clock.now(),
            Event.OUTWARD_GRANT,
            grant.agent,
            grant.tool,
            grant.id,
            outcome=outcome,
            rules=rules,
            revision=revision,
            approver=approver,
            counts={"uses": grant.uses},
        )
        await self.audit.append(entry)
