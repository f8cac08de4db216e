"""The world around a tool call, in memory, behind the real effects: what happened, in what order, what can go wrong.

A `World` performs every effect of the tool-call sentence. It writes down each effect that it was asked for, can fail
any of them, lets a person answer, and checks the laws while they can still be seen to break:

- nothing runs before the audit log holds the permission;
- nothing runs twice on one permission, or on one grant;
- no value leaves the vault but into an execution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from proxy.sessions.written import WrittenFiles
from safety_core.approve import TRANSITIONS
from safety_core.errors import ExecutionError, InputError, ReplayedGrantError, UncertainError, UnknownSecretError
from safety_core.flow import effects
from safety_core.flow.effects import Effect
from safety_core.match.instructions import spoken
from safety_core.model.approval import Approval, ApprovalState, Grant, StandingGrant
from safety_core.model.descent import FIRST_GENERATION, Descent
from safety_core.model.execution import TRANSITIONS as EXECUTION_TRANSITIONS
from safety_core.model.execution import Execution, ExecutionId, ExecutionState
from safety_core.model.level import Level
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult, Undo
from safety_core.model.verdict import Decision, Hit
from safety_core.resolve import Plan

Answerer = Callable[[Approval], Grant | None]


@dataclass
class World:
    """Set what the world answers before, look at what was done to it after.

    Attributes:
        level: what the policy says of every call.
        answer: how a person answers a pending request while somebody waits for it.
        output: what a tool prints; "<crash>": it fails, "<cut>": nobody knows.
        undo: what a tool says would take it back.
        descent: where the session stands among agents that start agents.
        running: subagents that run when a place is taken for another.
        standing: outward grants from cards; `used`: their ids, one for each use.
        plans: approved as a whole; `planned`: what was used of them.
        fail_at: index of the effect that does not come about.
        failure: how it fails.
    """

    revision: str
    level: Level = Level.GREEN
    rule: str = "some_rule"
    answer: Answerer = lambda approval: None
    output: str = "done"
    fail_at: int | None = None
    failure: Exception = field(default_factory=lambda: OSError("disk full"))
    vault: dict[SecretName, SecretValue] = field(default_factory=dict)
    now: float = 1_000_000.0
    asked: list[Effect[Any]] = field(default_factory=list)
    log: list[AuditEntry] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    executed: list[Plan] = field(default_factory=list)
    revealed: set[SecretName] = field(default_factory=set)
    files: WrittenFiles = field(default_factory=WrittenFiles)
    descent: Descent = FIRST_GENERATION
    running: int = 0
    standing: list[StandingGrant] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    plans: list[effects.AdoptPlan] = field(default_factory=list)
    planned: list[effects.UsePlan] = field(default_factory=list)
    executions: dict[ExecutionId, Execution] = field(default_factory=dict)
    undo: Undo | None = None

    @property
    def handlers(self) -> Mapping[type[Effect[Any]], Callable[[Any], Any]]:
        """Return what performs each effect."""
        table: dict[type[Effect[Any]], Callable[[Any], Any]] = {
            effects.Now: self._now,
            effects.NewId: lambda _: f"{len(self.asked):032x}",
            effects.Judge: lambda _: Decision((Hit(self.rule, self.level, "because"),), self.revision),
            effects.RecallFiles: lambda effect: self.files.recall(effect.agent, effect.session),
            effects.NoteFiles: self._note,
            effects.RecallDescent: lambda effect: self.descent,
            effects.ReserveSubagent: self._reserve,
            effects.Record: self._record,
            effects.FindApproval: self._find,
            effects.OpenApproval: self._open,
            effects.AwaitDecision: self._await,
            effects.CloseApproval: lambda effect: self._move(effect.request, ApprovalState.EXPIRED),
            effects.UseGrant: self._use,
            effects.FollowApproval: lambda effect: self._follow(effect.request),
            effects.ReplaceApproval: self._replace,
            effects.AdoptPlan: self._adopt,
            effects.FindPlan: self._find_plan,
            effects.UsePlan: self._use_plan,
            effects.RecallStanding: lambda effect: tuple(
                made
                for made in self.standing
                if (made.agent, made.tool) == (effect.agent, effect.tool) and self.left(made)
            ),
            effects.UseStanding: self._use_standing,
            effects.CheckRefs: lambda effect: self._check(effect.names),
            effects.Resolve: self._resolve,
            effects.Remember: lambda effect: self.vault.update(effect.discovered),
            effects.FindExecution: self._find_execution,
            effects.BeginExecution: lambda effect: self._begin(effect.execution),
            effects.EndExecution: self._end,
            effects.Execute: self._execute,
            effects.LookThrough: lambda effect: spoken(effect.text),
        }
        return {kind: self._watched(handler) for kind, handler in table.items()}

    def events(self) -> list[Event]:
        """Return what the audit log says, in order."""
        return [entry.event for entry in self.log]

    def settle(self, grant: Grant) -> None:
        """Let a signed answer arrive."""
        state = ApprovalState.GRANTED if grant.allow else ApprovalState.DENIED
        self._move(grant.request, state, grant=grant, received=self.now)

    def _watched(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def perform(effect: Effect[Any]) -> Any:
            self.asked.append(effect)
            if self.fail_at == len(self.asked) - 1:
                raise self.failure
            return handler(effect)

        return perform

    def _now(self, _: effects.Now) -> float:
        self.now += 0.001
        return self.now

    def _record(self, effect: effects.Record) -> int:
        self.log.append(effect.entry)
        return len(self.log) - 1

    def _find(self, effect: effects.FindApproval) -> Approval | None:
        alike = [item for item in self.approvals if item.request.action_digest == effect.action_digest]
        return alike[-1] if alike else None

    def _open(self, effect: effects.OpenApproval) -> Approval:
        self.approvals.append(Approval(effect.request, ApprovalState.PENDING))
        return self.approvals[-1]

    def _await(self, effect: effects.AwaitDecision) -> Approval:
        approval = self._get(effect.request)
        if approval.state is ApprovalState.PENDING and (grant := self.answer(approval)) is not None:
            self.settle(grant)
        return self._get(effect.request)

    def _use(self, effect: effects.UseGrant) -> None:
        if self._get(effect.grant.request).state is not ApprovalState.GRANTED:
            raise ReplayedGrantError(effect.grant.request, "it has been used")
        self._move(effect.grant.request, ApprovalState.USED)

    def left(self, made: StandingGrant) -> int:
        """Return how many uses an outward grant has left."""
        return made.uses - self.used.count(made.id)

    def _use_standing(self, effect: effects.UseStanding) -> None:
        assert Event.PERMITTED in self.events(), "nothing is used up before the permission is on record"
        if any(not self.left(made) for made in self.standing if made.id in effect.ids):
            raise ReplayedGrantError("outward grant", "is used up")
        self.used += effect.ids

    def _adopt(self, effect: effects.AdoptPlan) -> None:
        self._use(effects.UseGrant(effect.grant))
        self.plans.append(effect)

    def _find_plan(self, effect: effects.FindPlan) -> Approval | None:
        for plan in reversed(self.plans):
            taken = [use for use in self.planned if use.request == plan.grant.request]
            left = plan.digests.count(effect.action_digest) - len(
                [use for use in taken if use.action_digest == effect.action_digest]
            )
            if (plan.agent, plan.session) == (effect.agent, effect.session) and left > 0:
                return self._get(plan.grant.request)
        return None

    def _use_plan(self, effect: effects.UsePlan) -> None:
        assert Event.PERMITTED in self.events(), "nothing is used up before the permission is on record"
        self.planned.append(effect)

    def _follow(self, request: str) -> Approval:
        approval = self._get(request)
        return approval if approval.replaced is None else self._follow(approval.replaced)

    def _replace(self, effect: effects.ReplaceApproval) -> Approval:
        self._move(effect.old, ApprovalState.CANCELLED, replaced=effect.request.id)
        return self._open(effects.OpenApproval(effect.request))

    def _reserve(self, effect: effects.ReserveSubagent) -> None:
        assert Event.PERMITTED not in self.events(), "no permission is on record for which there may be no place"
        if self.running >= effect.limit:
            raise InputError("agent", "has too many subagents")
        self.running += 1

    def _note(self, effect: effects.NoteFiles) -> None:
        assert self.events()[-1] is Event.PERMITTED, "only what may run leaves anything in files"
        self.files.note(effect.agent, effect.session, effect.written)

    def _check(self, names: tuple[SecretName, ...]) -> None:
        missing = [name for name in names if name not in self.vault]
        if missing:
            raise UnknownSecretError(missing[0], "is not in the vault")

    def _resolve(self, effect: effects.Resolve) -> dict[SecretName, SecretValue]:
        self._check(effect.names)
        self.revealed.update(effect.names)
        return {name: self.vault[name] for name in effect.names}

    def _find_execution(self, effect: effects.FindExecution) -> Execution | None:
        alike = [it for it in self.executions.values() if it.key and (it.agent, it.key) == (effect.agent, effect.key)]
        return alike[-1] if alike else None

    def _begin(self, execution: Execution) -> None:
        told = [event for event in self.events() if event not in {Event.PLAN, Event.OUTWARD_GRANT}]
        assert told[-1] is Event.PERMITTED, "nothing begins before its permission is on record"
        self.executions[execution.id] = execution

    def _end(self, effect: effects.EndExecution) -> None:
        execution = self.executions[effect.id]
        assert effect.state in EXECUTION_TRANSITIONS[execution.state]
        self.executions[effect.id] = replace(execution, state=effect.state, ending=effect.ending)

    def _execute(self, effect: effects.Execute) -> ToolResult:
        assert self.executions[effect.id].state is ExecutionState.BEGUN, "nothing runs that is not written down"
        assert self.events().count(Event.PERMITTED) > len(self.executed), (
            "nothing runs before its permission is on record"
        )
        self.executed.append(effect.plan)
        if self.output == "<crash>":
            raise ExecutionError("tool", "died")
        if self.output == "<cut>":
            raise UncertainError("tool", "was cut off")
        return ToolResult(self.output, undo=self.undo)

    def _get(self, request: str) -> Approval:
        return next(item for item in self.approvals if item.request.id == request)

    def _move(self, request: str, state: ApprovalState, **changes: Any) -> None:
        approval = self._get(request)
        assert state in TRANSITIONS[approval.state], f"{approval.state} -> {state}"
        self.approvals[self.approvals.index(approval)] = replace(approval, state=state, **changes)
