"""Where the plugin hears what people decided, and brings what they said by a chat's buttons.

An answer by a button is signed here, with the edge's own key, on the word of the plugin, which lives in the agent's own
process. So it counts only where the signed policy pins this key as a channel's, only up to the level that stands there,
and never where a strong approver is asked for (docs/policy.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from nacl.signing import SigningKey

from proxy.caller import Caller
from proxy.calls.grants import Grants
from proxy.errors import NoPolicyError
from safety_core import approve
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.asker_rows import Owed
from safety_core.errors import BundleError, ExpiredGrantError, GrantError, MismatchedGrantError
from safety_core.flow.entrust import of_service
from safety_core.model.approval import ApprovalRequest, ApprovalState
from safety_core.model.connection import NONE, Connections
from safety_core.model.policy import KeyKind
from safety_core.wire.decisions import Button, Poll

LONGEST: Final = 60.0
"""Seconds of one long poll at most: a caller that died without a word is not kept longer."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Tells decisions and takes up answers. `key`: the edge's own; `connections`: what the operator has connected."""

    grants: Grants
    key: SigningKey = field(repr=False)
    connections: Connections = field(default_factory=lambda: NONE)

    async def decided(self, poll: Poll, caller: Caller) -> JsonObject:
        """Return the decisions that are owed to these agents, as soon as there is one."""
        store = self.grants.approvals
        if poll.told:
            await store.told(poll.agents, poll.told)
        found = await caller.patiently(store.decided(poll.agents, min(poll.wait, LONGEST)))
        told: list[Json] = [self._decision(owed) for owed in found or ()]
        return {"decided": told}

    async def answer(self, button: Button) -> JsonObject:
        """Take up what a button said. The same button once more changes nothing: the first answer may have been lost.

        Raises:
            GrantError: no such question is open, or policy lets no chat channel answer it.
            NoPolicyError, FreezeError: no policy is in force.
        """
        policy = self.grants.in_force.current(clock.now()).policy
        approval = await self.grants.approvals.get(button.request)
        if approval is None:
            raise MismatchedGrantError(
                f"approval {button.request}", "nothing was asked under this id", "let the agent ask again"
            )
        request, now = approval.request, clock.now()
        approve.channel_key(self.key.verify_key.encode().hex(), request, policy)
        said = approve.Answer(
            button.allow, f"{button.approver} by {button.channel}", f"channel:{button.channel}", clock.new_id()
        )
        given = None if approval.state is ApprovalState.EXPIRED else approval.grant
        if given and (given.allow, given.approver, given.origin) == (said.allow, said.approver, said.origin):
            return {"ok": True}
        if button.allow and request.revision != policy.revision:
            raise MismatchedGrantError(
                f"approval {request.id}", "the policy has changed since", "let the agent ask again"
            )
        if now > request.expires:
            raise ExpiredGrantError(f"approval {request.id}", "its time is over", "let the agent ask again")
        await self.grants.take_up(approve.answer(request, self.key, KeyKind.CHANNEL, said, now))
        return {"ok": True}

    def lets_channel(self, request: ApprovalRequest) -> bool:
        """Tell whether the policy in force would take a chat channel's answer to `request`."""
        try:
            policy = self.grants.in_force.current(clock.now()).policy
            approve.channel_key(self.key.verify_key.encode().hex(), request, policy)
        except (GrantError, NoPolicyError, BundleError):
            return False
        return True

    def _decision(self, owed: Owed) -> JsonObject:
        """What one session is told. Where an approver changed the call, that is the call to make.

        A permission that no longer entitles the call, unused in its minutes or given under an earlier policy, is
        told as expired: the call would be asked about anew."""
        approval = owed.approval
        request, state = approval.request, approval.state
        if state is ApprovalState.GRANTED:
            live = approve.usable(approval, clock.now()) and request.revision == self._revision()
            state = ApprovalState.GRANTED if live else ApprovalState.EXPIRED
        shown = state if state is not ApprovalState.CANCELLED else ApprovalState.EXPIRED
        told: JsonObject = {
            "id": request.id,
            "agent": request.agent,
            "session": owed.session,
            "tool": request.tool,
            "state": shown.value,
        }
        if request.edited_from is None:
            return told
        if shown is not ApprovalState.GRANTED:
            return {**told, "edited_from": request.edited_from}
        service: JsonObject = {"service": True} if self._is_connected(request.tool) else {}
        return {**told, "edited_from": request.edited_from, "params": request.params, **service}

    def _is_connected(self, tool: str) -> bool:
        """Tell whether a tool is one of a connected service, which the plugin has a tool of its own to call."""
        return of_service(tool, self.grants.in_force.latest().policy.catalogue, {**self.connections})

    def _revision(self) -> str:
        try:
            return self.grants.in_force.latest().policy.revision
        except NoPolicyError:
            return ""
