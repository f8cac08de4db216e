"""Answers that reach the edge, by whichever way: one door, and only genuine ones come through it."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.force import InForce
from safety_core.approve import entry_of, people, shared_keys, verify_answer
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.errors import GrantError, MismatchedGrantError, ReplayedGrantError
from safety_core.model.approval import Approval, ApprovalState, Grant


@dataclass(frozen=True, slots=True)
class Grants:
    """Takes up answers. One counts only once its signature was verified against a key that the policy pins, and a "yes"
    only where that key may approve such a call: where it may not, the question stays open for who may."""

    approvals: ApprovalStore
    audit: AuditLog
    in_force: InForce

    async def take_up(self, grant: Grant) -> None:
        """Settle the question that `grant` answers. The same answer again changes nothing.

        Raises:
            GrantError: nothing was asked under its id, no pinned key signed it or one that may not approve this (both
                are recorded), the question is no longer open, or the same person has said yes before.
            NoPolicyError: no policy says whose answers count.
        """
        approval = await self.approvals.get(grant.request)
        if approval is None:
            raise MismatchedGrantError(f"grant for {grant.request}", "nothing was asked under this id")
        if grant == approval.grant or grant in approval.others:
            return
        policy = self.in_force.latest().policy
        try:
            verify_answer(grant, approval.request, policy)
        except GrantError as error:
            await self._record(approval, "dropped", "", (type(error).__name__,))
            raise
        if approval.state is not ApprovalState.PENDING:
            raise ReplayedGrantError(f"grant for {grant.request}", f"the request is {approval.state} already")
        if grant.allow and people((*approval.others, grant), shared_keys(policy)) <= len(approval.others):
            raise ReplayedGrantError(f"grant for {grant.request}", "its approver has said yes already")
        await self._record(approval, "allow" if grant.allow else "deny", grant.approver, ())
        await self.approvals.settle(grant, clock.now(), shared_keys(policy))

    async def _record(self, approval: Approval, outcome: str, approver: str, rules: tuple[str, ...]) -> None:
        await self.audit.append(entry_of(approval.request, clock.now(), outcome, approver, rules))
