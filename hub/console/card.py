"""Cards: one question, or several alike, with all that a person needs to see before they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from hub.approvals.questions import Question, grouped
from hub.console.exact import Argument, Change, arguments, steps
from hub.context import Context
from hub.policy.reading import policy_of
from hub.store.standing import SentEdit
from safety_core.approve import code
from safety_core.model.approval import ApprovalState, Grant, Report, RequestId
from safety_core.model.blueprint import PLAN
from safety_core.model.level import Tier
from safety_core.model.policy import Policy
from safety_core.model.tool_call import AgentId, TenantId

HURRY_SECONDS: Final = 3600
"""What would run out within this time comes before everything else."""


Sent = Mapping[tuple[TenantId, RequestId], SentEdit]
"""The newest change of each question that has one."""

_NONE: Final[Sent] = MappingProxyType({})

GIST: Final = 90
"""Characters of a line that tells one question from another."""


@dataclass(frozen=True, slots=True)
class Card:
    """One question as a page shows it.

    Attributes:
        tier: the agent's autonomy by the policy that was published last; None where the hub knows of none.
        code: short form of the action digest; the same code stands in every channel, so a lying page is noticed.
        alike: other questions that one decision may settle with this one.
        mine: what the reader said of it already.
        before: how similar calls were decided.
        changed: what an edit changed since `edited_from`; `changed_by`: whose edit it was.
        sent: a change that is on its way to the edge, or was refused there.
        reports: what the edge said became of it.
        reasons: what was noted with the answers, by the approver's name.
    """

    question: Question
    tier: Tier | None
    code: str
    alike: tuple[Card, ...] = ()
    mine: Grant | None = None
    before: tuple[Question, ...] = ()
    changed: tuple[Change, ...] = ()
    changed_by: str = ""
    sent: SentEdit | None = None
    reports: tuple[Report, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the question's own page is."""
        return path_of(self.question)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What will run, in full."""
        params = self.question.request.params
        return steps(params) if self.of_plan else arguments(params)

    @property
    def of_plan(self) -> bool:
        """It is about several calls as a whole, exactly as they are: nothing of it can be changed or kept for later."""
        return self.question.request.tool == PLAN

    @property
    def wish(self) -> str:
        """What the agent wants, in words."""
        return "wants one answer for a plan" if self.of_plan else f"wants to use {self.question.request.tool}"

    @property
    def changing(self) -> bool:
        """Whether a change of it is on its way: an answer to what it was would come too late, or too early."""
        return self.sent is not None and self.sent.waits and self.question.state is ApprovalState.PENDING

    @property
    def sight(self) -> str:
        """Return what an open page compares, to see that the card shows something new."""
        change = "" if self.sent is None else "changing" if self.sent.waits else "unchanged"
        return f"{self.yes} {self.question.state.value} {change} {self.also}"

    @property
    def yes(self) -> int:
        """How many people said yes so far."""
        return len({grant.approver for grant in self.question.answers if grant.allow})

    @property
    def also(self) -> str:
        """What has to be added to an address for it to be about all of these."""
        return "?also=" + ",".join(card.question.request.id for card in self.alike) if self.alike else ""

    @property
    def all(self) -> tuple[Card, ...]:
        """This card and those alike."""
        return (self, *self.alike)


def path_of(question: Question) -> str:
    """Return where a question's own page is."""
    return f"/questions/{question.request.tenant}/{question.request.id}"


def gist(question: Question) -> str:
    """Return a question's arguments on one line, cut where it is long: to tell earlier ones apart, never to approve."""
    text = "; ".join(" ".join(one.text.split()) for one in arguments(question.request.params)) or "no arguments"
    return text if len(text) <= GIST else text[: GIST - 1] + "…"


def card(question: Question, tiers: Tiers, reader: str, alike: Sequence[Question] = ()) -> Card:
    """Return the card of a question for a reader of this name."""
    mine = next((grant for grant in reversed(question.answers) if grant.approver == reader), None)
    others = tuple(card(other, tiers, reader) for other in alike)
    asked = question.request
    return Card(question, tiers.of(asked.tenant, asked.agent), code(asked.action_digest), others, mine)


def cards(questions: Sequence[Question], tiers: Tiers, reader: str, now: float, sent: Sent = _NONE) -> tuple[Card, ...]:
    """Return the cards of all that waits, alike ones together, the most urgent first.

    What is being changed (`sent`: the newest change of each) is alike to nothing: one press must not approve it too.
    """
    changing = [question for question in questions if (edit := sent.get(question.key)) and edit.waits]
    settled = [question for question in questions if question not in changing]
    groups = [*grouped(sorted(settled, key=lambda one: _urgency(one, now))), *((one,) for one in changing)]
    groups.sort(key=lambda group: _urgency(group[0], now))
    made = [card(group[0], tiers, reader, group[1:]) for group in groups]
    return tuple(replace(one, sent=sent.get(one.question.key)) for one in made)


def _urgency(question: Question, now: float) -> tuple[bool, int, float]:
    return question.expires - now > HURRY_SECONDS, -question.request.level, question.expires


@dataclass(frozen=True, slots=True)
class Tiers:
    """How free each tenant's agents are, by the policies that were published last."""

    policies: Mapping[TenantId, Policy | None]

    def of(self, tenant: TenantId, agent: AgentId) -> Tier | None:
        """Return an agent's tier, None where no policy is known."""
        policy = self.policies.get(tenant)
        return policy.agent(agent).tier if policy is not None else None


async def tiers_of(context: Context, questions: Sequence[Question]) -> Tiers:
    """Read the policies of all tenants that ask."""
    names = {question.request.tenant for question in questions}
    return Tiers({name: await policy_of(context, name) for name in names})
