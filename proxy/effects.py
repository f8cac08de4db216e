"""Who performs each effect of a flow: one table.

A handler raises what it likes: the driver turns it into `EffectFailed`, and the flow into a refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace

from proxy.caller import Caller
from proxy.secrets import Secrets
from proxy.sessions.lineage import Lineage
from proxy.sessions.written import WrittenFiles
from proxy.tally import Tally
from safety_core.edge import clock
from safety_core.edge.approvals import ApprovalStore
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.driver import Handlers
from safety_core.edge.engine import Engine
from safety_core.edge.journal import Journal
from safety_core.edge.plans import PlanStore
from safety_core.edge.posture import PostureStore
from safety_core.edge.shadow import judged_by
from safety_core.edge.standing import StandingStore
from safety_core.edge.usage_store import UsageStore
from safety_core.flow import effects
from safety_core.model.approval import Approval, ApprovalState, Asker


@dataclass(frozen=True, slots=True)
class Services:
    """The stores that outlive a call.

    Attributes:
        ordered: set whenever the hub may want something of this edge.
        tally: counts what becomes of calls.
        journal: what the edge carried out, or was about to.
    """

    secrets: Secrets
    audit: AuditLog
    approvals: ApprovalStore
    usage: UsageStore
    written: WrittenFiles = field(default_factory=WrittenFiles)
    lineage: Lineage = field(default_factory=Lineage)
    posture: PostureStore = field(default_factory=PostureStore)
    ordered: asyncio.Event = field(default_factory=asyncio.Event)
    tally: Tally = field(default_factory=Tally)
    journal: Journal = field(default_factory=Journal)


def handlers(services: Services, engine: Engine | None = None, caller: Caller | None = None) -> Handlers:
    """Return the table. Without an engine nothing can be judged; without a caller nothing waits.

    What models cost is not in it: `proxy.spending.budgets` performs Afford and Meter.
    """
    secrets, written, lineage, journal = services.secrets, services.written, services.lineage, services.journal

    def record(effect: effects.Record) -> Awaitable[int]:
        services.tally.note(effect.entry)
        return services.audit.append(effect.entry)

    table: Handlers = {
        effects.Now: lambda _: clock.now(),
        effects.NewId: lambda _: clock.new_id(),
        effects.Record: record,
        effects.RecallFiles: lambda effect: written.recall(effect.agent, effect.session),
        effects.NoteFiles: lambda effect: written.note(effect.agent, effect.session, effect.written),
        effects.RecallDescent: lambda effect: lineage.descent(effect.agent, effect.session, clock.now()),
        effects.ReserveSubagent: lambda effect: lineage.reserve(
            effect.agent, effect.session, effect.call, effect.limit, clock.now()
        ),
        effects.CheckRefs: lambda effect: secrets.check(effect.names, effect.use),
        effects.Resolve: lambda effect: secrets.lend(effect.names, effect.use),
        effects.Remember: lambda effect: secrets.remember(effect.discovered),
        effects.FindExecution: lambda effect: journal.find(effect.agent, effect.key),
        effects.BeginExecution: lambda effect: journal.begin(effect.execution, again=effect.again),
        effects.EndExecution: lambda effect: journal.end(effect.id, effect.state, effect.ending, clock.now()),
        effects.Execute: journal.performed,
        effects.LookThrough: lambda effect: asyncio.to_thread(_spoken, effect.text),
        **_of_questions(services, caller or Caller()),
    }
    return {**table, effects.Judge: lambda effect: judged_by(engine, effect.facts, effect.call)} if engine else table


def _spoken(text: str) -> tuple[str, ...]:
    """In a thread: a text of a MiB must not hold everybody else up."""
    from safety_core.match.instructions import spoken  # late: 3 MiB, and most edges have no MCP server behind them

    return spoken(text)


def _of_questions(services: Services, caller: Caller) -> Handlers:
    """Return the part of the table that has to do with people's answers."""
    approvals = services.approvals
    standing = StandingStore(approvals.database, approvals.news)
    plans = PlanStore(approvals.database, approvals.news)

    async def wait(effect: effects.AwaitDecision) -> Approval:
        with approvals.held(Asker(effect.request, effect.session)):
            answered = await await_decision(approvals, effect, caller)
            if answered.state is not ApprovalState.PENDING:
                await approvals.told((answered.request.agent,), (Asker(effect.request, effect.session),))
        return answered

    return {
        effects.FindApproval: lambda effect: approvals.find(effect.action_digest),
        effects.OpenApproval: lambda effect: approvals.open_request(effect.request),
        effects.AwaitDecision: wait,
        effects.CloseApproval: lambda effect: approvals.close(effect.request, told=True),
        effects.FollowApproval: lambda effect: approvals.follow(effect.request),
        effects.ReplaceApproval: lambda effect: approvals.replace(effect.old, effect.request, effect.by),
        effects.UseGrant: lambda effect: approvals.use(effect.grant),
        effects.RecallStanding: lambda effect: standing.recall(effect.agent, effect.tool, clock.now()),
        effects.UseStanding: lambda effect: standing.use(effect.ids, clock.now()),
        effects.AdoptPlan: plans.adopt,
        effects.FindPlan: lambda effect: plans.find(effect.agent, effect.session, effect.action_digest, clock.now()),
        effects.UsePlan: lambda effect: plans.use(effect.request, effect.action_digest, clock.now()),
    }


async def await_decision(approvals: ApprovalStore, effect: effects.AwaitDecision, caller: Caller) -> Approval:
    """Wait for a person, as long as somebody waits for the answer.

    Nobody there any more: the question counts as unanswered, whatever came at the same moment, so that a permission is
    kept for the call's repeat and not spent on an answer that nobody reads.
    """
    answered = await caller.patiently(approvals.wait(effect.request, effect.seconds))
    if answered is not None:
        return answered
    known = await approvals.wait(effect.request, 0.0)
    return replace(known, state=ApprovalState.PENDING, grant=None, received=0.0)
