"""One tool call through its flow, under the policy and the secrets that hold when it comes in.

Without a policy in force every call is refused, with the reason, and the refusal is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from proxy.caller import Caller
from proxy.effects import Services, handlers
from proxy.errors import NoPolicyError
from proxy.force import Force, InForce
from proxy.interlock import Guards
from safety_core.canonical import Json
from safety_core.edge import clock
from safety_core.edge.driver import arun
from safety_core.errors import BundleError, SafetyError
from safety_core.flow import tool_call
from safety_core.flow.answers import Answer, Context, Executed, Pending, Refused
from safety_core.flow.effects import Flow, Record
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import ToolCall
from safety_core.wire.calls import Proposal, Report

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Calls:
    """Runs the flows of tool calls.

    Attributes:
        guards: knows who is halted, and notes each call before its result can go to a model.
        workspace: base of relative paths.
        approval_wait: seconds a call waits for a person at most, and where it does not say how long.
    """

    in_force: InForce
    services: Services
    guards: Guards
    workspace: str
    approval_wait: float

    async def decide(self, proposal: Proposal, caller: Caller) -> Answer:
        """Judge a call that the caller will run. One that goes away with "pending" is owed the decision."""
        noting = asyncio.ensure_future(self.guards.witnessed(proposal.call))
        try:
            answer = await self._through(tool_call.decide, proposal, caller)
        finally:
            (failure,) = await asyncio.gather(noting, return_exceptions=True)
        if isinstance(failure, SafetyError):
            return await self._refused(proposal.call, failure)
        if isinstance(answer, Pending):
            await self.services.approvals.owe(answer.request.id)
        return answer

    async def run(self, proposal: Proposal, caller: Caller) -> Executed | Pending | Refused:
        """Judge a call and run it."""
        try:
            await self.guards.witnessed(proposal.call)
        except SafetyError as error:
            return await self._refused(proposal.call, error)
        return await self._through(tool_call.run, proposal, caller)

    async def report(self, report: Report) -> tuple[Json, int]:
        """Return the result of a call that the caller ran, redacted, and the number of findings. Raises SafetyError."""
        found = 0
        context = await self._context(self.in_force.latest(), 0.0)
        work = handlers(self.services)

        def count(effect: Record) -> object:
            nonlocal found
            found = effect.entry.counts.get("findings", 0)
            return work[Record](effect)

        clean = await arun(tool_call.report(report.call, report.result, context), {**work, Record: count})
        return clean, found

    async def redact(self, value: Json) -> tuple[Json, int]:
        """Return any value redacted, and the number of findings. Raises SafetyError."""
        context = await self._context(self.in_force.latest(), 0.0)
        clean = context.redactor.value(value)
        if clean.discovered:
            await self.services.secrets.remember(clean.discovered)
        return clean.value, len(clean.findings)

    def revision(self, now: float) -> str | None:
        """Return the revision in force at `now`, None while there is none."""
        try:
            return self.in_force.current(now).policy.revision
        except (NoPolicyError, BundleError):
            return None

    async def _through(
        self, flow: Callable[[ToolCall, Context], Flow[A]], proposal: Proposal, caller: Caller
    ) -> A | Refused:
        wait = self.approval_wait if proposal.wait is None else min(proposal.wait, self.approval_wait)
        try:
            self.guards.halts.demand(proposal.call.agent)
            force = self.in_force.current(clock.now())
            context = await self._context(force, wait)
        except SafetyError as error:
            return await self._refused(proposal.call, error)
        with force.used():
            return await arun(flow(proposal.call, context), handlers(self.services, force.engine, caller))

    async def _context(self, force: Force, wait: float) -> Context:
        redactor = await self.services.secrets.redactor(force)
        return Context(force.policy, redactor, self.workspace, wait)

    async def _refused(self, call: ToolCall, error: SafetyError) -> Refused:
        """Refuse before any flow begins; the refusal stands whether or not it could be recorded."""
        refusal = Refused(type(error).__name__, str(error))
        try:
            await self.services.audit.append(AuditEntry(clock.now(), Event.REFUSED, call.agent, rules=(refusal.rule,)))
        except SafetyError:
            return Refused(refusal.rule, refusal.reason + " (and the refusal could not be recorded)")
        return refusal
