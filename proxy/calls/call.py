"""One tool call through its flow, under the policy and the secrets that hold when it comes in.

Without a policy in force every call is refused, with the reason, and the refusal is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from proxy.caller import Caller
from proxy.calls.context import context_of
from proxy.calls.tickets import Errand, Tickets, run_for
from proxy.canaries import SPEAKER
from proxy.effects import Services, handlers
from proxy.errors import NoPolicyError, TicketError
from proxy.force import Force, InForce
from proxy.guards.interlock import Guards
from proxy.sessions.correspondents import Correspondents
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.edge.driver import Handlers, arun
from safety_core.edge.plans import PlanStore
from safety_core.errors import BundleError, SafetyError
from safety_core.flow import tool_call
from safety_core.flow.answers import Answer, Context, Entrusted, Executed, Pending, Permitted, Refused, Sendable
from safety_core.flow.effects import AwaitDecision, Execute, Flow, Now, Record
from safety_core.flow.plan import PlanAnswer, plan
from safety_core.flow.refusal import on_record, refusal_of
from safety_core.model.approval import Approval, Asker
from safety_core.model.blueprint import PLAN
from safety_core.model.connection import NONE, Connections
from safety_core.model.execution import ExecutionId
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.wire.calls import Ended, Proposal, Report
from safety_core.wire.outbound import Inbound, Outbound
from safety_core.wire.plans import Plan

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Calls:
    """Runs the flows of tool calls.

    Attributes:
        guards: knows who is halted, and notes each call before its result can go to a model.
        workspace: base of relative paths.
        approval_wait: seconds a call waits for a person at most, and where it does not say how long.
        correspondents: whom an agent may answer without asking.
        tickets: calls that were decided and that the edge is to run.
        connections: the services that the operator has connected.
    """

    in_force: InForce
    services: Services
    guards: Guards
    workspace: str
    approval_wait: float
    correspondents: Correspondents
    tickets: Tickets = field(default_factory=Tickets)
    connections: Connections = field(default_factory=lambda: NONE)

    async def decide(self, proposal: Proposal, caller: Caller) -> Answer:
        """Judge a call that the caller will run. One that goes away with "pending" is owed the decision."""
        noting = asyncio.ensure_future(self.guards.witnessed(proposal.call))
        try:
            if proposal.nested:
                self.guards.foreseen.passes_on(proposal.call, clock.now())
            answer = await self._proposed(partial(tool_call.decide, nested=proposal.nested), proposal, caller)
        finally:
            (failure,) = await asyncio.gather(noting, return_exceptions=True)
        if isinstance(failure, SafetyError):
            return await self._refused(proposal.call, failure)
        if isinstance(answer, Pending):
            await self._owe(answer, proposal.call)
        if isinstance(answer, Permitted) and not answer.passed_on:
            self.correspondents.permitted(answer.call, answer.verdict.facts, clock.now())
        return answer

    def ticket(self, entrusted: Entrusted) -> str:
        """Return what lets the edge run an entrusted call, once."""
        return self.tickets.issue(Errand(entrusted, clock.now()))

    async def redeem(self, ticket: str, caller: Caller) -> Executed | Refused:
        """Run what a ticket stands for, as long as the caller waits for it.

        Raises:
            TicketError: it stands for nothing, or no longer.
        """
        entrusted = self.tickets.take(ticket, clock.now()).entrusted

        def carry_out(context: Context) -> Flow[Executed | Refused]:
            if context.policy.revision != entrusted.verdict.revision:
                raise TicketError("the ticket", "is of a policy that is no longer in force", "make the call again")
            return tool_call.carry_out(entrusted, context)

        instead: Handlers = {Execute: partial(run_for, self.services.journal, caller)}
        return await self._through(entrusted.call, carry_out, caller, instead=instead)

    async def run(self, proposal: Proposal, caller: Caller) -> Executed | Pending | Refused:
        """Judge a call and run it."""
        try:
            await self.guards.witnessed(proposal.call)
        except SafetyError as error:
            return await self._refused(proposal.call, error)
        return await self._proposed(partial(tool_call.run, key=proposal.key), proposal, caller)

    async def plan(self, planned: Plan, caller: Caller) -> PlanAnswer | Refused:
        """Judge several calls together, and ask about them as a whole where policy lets one answer cover them."""
        whole = ToolCall(CallId(PLAN), planned.tenant, planned.agent, planned.session, PLAN, {})
        wait = self.approval_wait if planned.wait is None else min(planned.wait, self.approval_wait)
        return await self._through(whole, partial(plan, planned), caller, wait)

    async def plan_over(self, agent: AgentId, session: SessionId) -> None:
        """Forget what is left of a session's approved plans. Raises SafetyError."""
        await PlanStore(self.services.approvals.database).end(agent, session)

    async def settle(self, execution: ExecutionId, *, done: bool) -> None:
        """Write down, and put on record, what a person found out. Raises InputError, AuditError or UnavailableError."""
        now = clock.now()
        known = await self.services.journal.settle(execution, done=done, now=now)
        counts = {"done": int(done)}
        entry = AuditEntry(now, Event.SETTLED, known.agent, known.tool, known.call, counts=counts)
        await self.services.audit.append(entry)

    async def foresee(self, call: ToolCall, exchange: str) -> None:
        """Put on record what would become of a call that a response proposed. Raises SafetyError."""
        force = self.in_force.current(clock.now())
        context = await self._context(force)
        with force.used():
            await arun(tool_call.foresee(call, exchange, context), handlers(self.services, force.engine))

    async def send(self, outbound: Outbound, tenant: TenantId, caller: Caller) -> Sendable | Pending | Refused:
        """Judge what an agent's runtime is about to say to somebody. Nobody waits for a person here.

        Raises:
            UnavailableError: who wrote cannot be looked up, so nothing may be said.
        """
        known = await self.correspondents.known(outbound, clock.now())
        place: JsonObject = {"action": "send", "channel": outbound.channel, "to": outbound.to}
        call = ToolCall(
            CallId(f"outbound-{clock.new_id()}"),
            tenant,
            outbound.agent,
            outbound.session,
            tool_call.MESSAGE,
            {**place, "message": outbound.content},
        )
        answer = await self._through(call, partial(tool_call.send, call, known), caller, halted_too=bool(known))
        if isinstance(answer, Sendable) and not known:
            self.correspondents.named(outbound.agent, outbound.channel, (outbound.to,), clock.now())
        if isinstance(answer, Pending):
            await self._owe(answer, call)
        return answer

    async def heard(self, inbound: Inbound) -> None:
        """Note that somebody wrote to an agent. Raises UnavailableError."""
        await self.correspondents.heard(inbound, clock.now())

    async def secret_names(self, agent: AgentId) -> tuple[SecretName, ...]:
        """Return the names of the secrets that `agent` may use. Raises SafetyError where no policy is in force."""
        manifest = self.in_force.current(clock.now()).policy.agent(agent)
        await self.services.secrets.refresh()
        return tuple(name for name in self.services.secrets.names(agent) if manifest.may_use(name))

    async def ended(self, ended: Ended) -> None:
        """Put on record that a call which its caller ran is over. Raises SafetyError."""
        context = await self._context(self.in_force.latest())
        flow = tool_call.ended(ended.call, ended.milliseconds, context, failed=ended.failed)
        await arun(flow, handlers(self.services))

    async def report(self, report: Report) -> tuple[Json, int]:
        """Return the result of a call that the caller ran, redacted, and the number of findings. Raises SafetyError."""
        SPEAKER.set(report.call.agent)
        context = await self._context(self.in_force.latest())
        return await arun(tool_call.report(report.call, report.result, context), handlers(self.services))

    async def redact(self, value: Json) -> tuple[Json, int]:
        """Return any value redacted, and the number of findings. Raises SafetyError."""
        context = await self._context(self.in_force.latest())
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

    async def _proposed(
        self, flow: Callable[[ToolCall, Context], Flow[A]], proposal: Proposal, caller: Caller
    ) -> A | Refused:
        wait = self.approval_wait if proposal.wait is None else min(proposal.wait, self.approval_wait)

        def begun(context: Context) -> Flow[A]:
            return flow(proposal.call, replace(context, foreseen=self.guards.foreseen.report))

        return await self._through(proposal.call, begun, caller, wait)

    async def _through(
        self,
        call: ToolCall,
        flow: Callable[[Context], Flow[A]],
        caller: Caller,
        wait: float = 0.0,
        *,
        instead: Handlers | None = None,
        halted_too: bool = False,
    ) -> A | Refused:
        """Drive a flow under what is in force.

        Args:
            instead: who performs some of the effects, in place of those who do otherwise.
            halted_too: the kill switch does not stop it.
        """
        SPEAKER.set(call.agent)
        try:
            if not halted_too:
                self.guards.halts.demand(call.agent)
            force = self.in_force.current(clock.now())
            context = await self._context(force, wait)
            begun = flow(context)
        except SafetyError as error:
            return await self._refused(call, error)
        with force.used():
            work = handlers(self.services, force.engine, caller)
            return await arun(begun, {**work, AwaitDecision: partial(self._await, call.agent, work), **(instead or {})})

    async def _await(self, agent: AgentId, work: Handlers, effect: AwaitDecision) -> Approval:
        """Wait for a person; the kill switch may be thrown meanwhile, and what they permitted must not run then."""
        answered: Approval = await work[AwaitDecision](effect)
        self.guards.halts.demand(agent)
        return answered

    async def _owe(self, answer: Pending, call: ToolCall) -> None:
        """Note that the call's session is owed the answer, under its name without secrets."""
        named = self.services.secrets.current().value({"session_id": call.session}).value
        session = SessionId(str(named["session_id"])) if isinstance(named, dict) else call.session
        await self.services.approvals.owe(Asker(answer.request.id, session))

    async def _context(self, force: Force, wait: float = 0.0) -> Context:
        return await context_of(self.services, force, self.workspace, self.connections, wait)

    async def _refused(self, call: ToolCall, error: SafetyError) -> Refused:
        """Refuse before the flow begins: nothing has taken secrets out of the call's names by now."""
        redactor, append = self.services.secrets.current(), self.services.audit.append
        refused = on_record(refusal_of(error, redactor), redactor.text(call.agent).text)
        return await arun(refused, {Now: lambda _: clock.now(), Record: lambda effect: append(effect.entry)})
