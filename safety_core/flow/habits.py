"""Approvals -> habits: the sorts of calls that people were asked about, and what they said.

Two calls are one sort where they are of the same agent, tool and level, hit the same rules, do the same in the same
zones, and reach recipients in the same domains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from safety_core.classify.facts import facts_of
from safety_core.model.approval import Approval, ApprovalRequest, ApprovalState
from safety_core.model.facts import Facts, Kind, Target
from safety_core.model.level import Level
from safety_core.model.policy import Policy
from safety_core.model.tool_call import CallId, ToolCall

_UNLISTED: Final = re.compile(r"([A-Za-z0-9_.+-]+): a program that the catalogue does not list")

_GRAVE: Final = (
    Kind.MONEY, Kind.DESTROY, Kind.CREDENTIAL, Kind.PERMISSION, Kind.CONTROL, Kind.RUN_CODE, Kind.OUTWARD, Kind.WRITE,
)  # fmt: skip
"""Effects that an entry is proposed with, the gravest first."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What makes two calls one sort.

    Attributes:
        unlisted: programs in it that the catalogue does not list.
        doubtful: something else in it was not understood.
    """

    agent: str
    tool: str
    level: Level
    rules: tuple[str, ...]
    forms: tuple[str, ...]
    zones: tuple[str, ...]
    domains: tuple[str, ...]
    unlisted: tuple[str, ...]
    kinds: tuple[Kind, ...] = ()
    doubtful: bool = False

    def in_words(self) -> str:
        """Return the sort in one line."""
        whom = f" to {', '.join(self.domains)}" if self.domains else ""
        what = ", ".join(self.forms) or ", ".join(self.unlisted)
        return f"{self.agent}: {self.tool} {what}{whom} ({self.level.word})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One approval: which request, who gave it, from where, and when (seconds since the epoch)."""

    request: str
    approver: str
    origin: str
    decided: float


@dataclass(slots=True)
class Habit:
    """Approvals of one sort. `recipients`: everybody whom its calls reached; `example`: its newest request."""

    outline: Outline
    evidence: list[Evidence] = field(default_factory=list)
    recipients: dict[Target, None] = field(default_factory=dict)
    denied: int = 0
    example: ApprovalRequest | None = None


def habits(approvals: Iterable[Approval], policy: Policy, workspace: str) -> tuple[Habit, ...]:
    """Return the sorts of calls that were asked about, those with the most approvals first.

    Args:
        workspace: the agent's workspace, the base of relative paths.
    """
    found: dict[Outline, Habit] = {}
    for approval in approvals:
        grant = approval.grant
        if grant is None and approval.state is not ApprovalState.DENIED:
            continue
        facts = _facts(approval.request, policy, workspace)
        habit = found.setdefault(outline_of(approval.request, facts), Habit(outline_of(approval.request, facts)))
        if grant is None or not grant.allow:
            habit.denied += 1
            continue
        habit.evidence.append(Evidence(approval.request.id, grant.approver, grant.origin, grant.decided))
        habit.recipients.update(dict.fromkeys(facts.recipients))
        habit.example = approval.request
    return tuple(sorted(found.values(), key=lambda habit: (-len(habit.evidence), habit.outline.in_words())))


def outline_of(request: ApprovalRequest, facts: Facts) -> Outline:
    """Return the sort of call that a request is about."""
    targets = [target for action in facts.actions for target in action.targets]
    return Outline(
        agent=request.agent,
        tool=facts.tool,
        level=request.level,
        rules=tuple(sorted(set(request.rules))),
        forms=tuple(sorted({action.form for action in facts.actions})),
        zones=tuple(sorted({target.zone.value for target in targets})),
        domains=tuple(sorted({_domain(target) for target in facts.recipients})),
        unlisted=tuple(sorted({found[1] for text in facts.unknown if (found := _UNLISTED.fullmatch(text))})),
        doubtful=any(_UNLISTED.fullmatch(text) is None for text in facts.unknown),
        kinds=tuple(kind for kind in _GRAVE if any(action.kind is kind for action in facts.actions)),
    )


def _facts(request: ApprovalRequest, policy: Policy, workspace: str) -> Facts:
    call = ToolCall(CallId(""), request.tenant, request.agent, request.session, request.tool, request.params)
    return facts_of(call, policy.catalogue, workspace)


def _domain(target: Target) -> str:
    return target.value.casefold().rpartition("@")[2]
