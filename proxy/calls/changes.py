"""What approvers say of open questions besides yes and no: other arguments, or that nobody is to answer any more."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field

from proxy.calls.context import context_of
from proxy.effects import Services, handlers
from proxy.force import InForce
from safety_core import approve
from safety_core.edge import clock
from safety_core.edge.driver import arun
from safety_core.errors import BundleError, MismatchedGrantError, ReplayedGrantError
from safety_core.flow.answers import Refused
from safety_core.flow.edited import edited
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState, Cancellation, Edit, RequestId
from safety_core.model.connection import NONE, Connections
from safety_core.wire.feed import REFUSED_LIMIT
from safety_core.wire.names import NAME_LIMIT, plain

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """Takes them up. `workspace`: base of relative paths; `connections`: what the operator has connected."""

    services: Services
    in_force: InForce
    workspace: str
    connections: Connections = field(default_factory=lambda: NONE)

    async def edit(self, edit: Edit) -> None:
        """Have the changed call judged, and asked about in place of the first. The same edit again changes nothing.

        Whatever stands against it is written down for the hub, and the question stays as it is.

        Raises:
            GrantError: nothing was asked under its id.
            SafetyError: it could not be put on record.
        """
        approval = await self._known(edit.request, "edit of")
        if approval.replaced is not None:
            return
        answer = await self._judged(edit, approval)
        if isinstance(answer, Refused):
            why = re.sub(r"[^A-Za-z0-9 _.:,*/-]", "?", answer.rule)[:REFUSED_LIMIT]
            await self.services.approvals.refused_edit(edit.request, why)
            _log.warning("an edit was dropped: %s", answer.reason)

    async def cancel(self, cancellation: Cancellation) -> None:
        """End a question that nobody is to answer. Raises GrantError where it is not open."""
        approval = await self._known(cancellation.request, "approval")
        request = approval.request
        if approval.state is ApprovalState.CANCELLED:
            return
        if approval.state is not ApprovalState.PENDING:
            raise ReplayedGrantError(f"approval {request.id}", f"is {approval.state} already")
        by = plain(cancellation.approver, NAME_LIMIT)
        await self.services.audit.append(approve.entry_of(request, clock.now(), "cancelled", by))
        await self.services.approvals.close(request.id, ApprovalState.CANCELLED, by=by)

    async def _judged(self, edit: Edit, approval: Approval) -> ApprovalRequest | Refused:
        try:
            force = self.in_force.current(clock.now())
        except BundleError as error:  # nobody can say any more what the changed call is
            return Refused(type(error).__name__, str(error))
        context = await context_of(self.services, force, self.workspace, self.connections)
        with force.used():
            return await arun(edited(edit, approval, context), handlers(self.services, force.engine))

    async def _known(self, request: RequestId, thing: str) -> Approval:
        approval = await self.services.approvals.get(request)
        if approval is None:
            raise MismatchedGrantError(f"{thing} {request}", "nothing was asked under this id")
        return approval
