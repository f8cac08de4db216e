"""One answer for several calls: the question that shows them all, and when its answer covers one of them.

`verify_plan` checks, in order: the question is the one that was answered, about a plan, of this agent, session and
policy; its calls were shown as they are, each by its own action digest; who signed, as for any grant, and that enough
people did; that the time is not over; that this call is among them, and does no more than was shown. Left to the
caller: that each call is made once (`UsePlan`, atomic).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from safety_core.approve.entitling import BACK_SECONDS, check_may_answer, graver, people, shared_keys, verify_signature
from safety_core.canonical import Digest, Json, JsonObject, digest
from safety_core.errors import ExpiredGrantError, MismatchedGrantError, ReplayedGrantError, WeakApproverError
from safety_core.model.approval import ANSWER_SECONDS, Approval, ApprovalRequest, ApprovalState
from safety_core.model.blueprint import PLAN
from safety_core.model.level import Level
from safety_core.model.policy import Policy
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One call of a plan, as people are shown it.

    Attributes:
        id, words: which step it is, and what it does, as the plan says.
        how: what becomes of it ("this answer", "needs no answer", "asks by itself").
        question: the call as it would be asked about by itself.
        covered: the answer is one for this call, too.
    """

    id: str
    words: str
    how: str
    question: ApprovalRequest
    covered: bool

    def shown(self) -> JsonObject:
        """Return what stands of it in the question."""
        asked = self.question
        told: JsonObject = {
            "step": self.id,
            "does": self.words,
            "tool": asked.tool,
            "arguments": asked.params,
            "level": asked.level.word,
            "answer": self.how,
        }
        if asked.recipients:
            told["reaches"] = [*asked.recipients]
        if asked.amounts:
            told["amounts"] = [*asked.amounts]
        if self.covered:
            told["bound"] = {"digest": asked.action_digest, "outward": asked.outward, "strong": asked.strong}
        return told


def plan_question(
    request: ApprovalRequest, title: str, steps: Sequence[PlannedStep], policy: Policy
) -> ApprovalRequest:
    """Return the one question about all steps that are to be covered.

    Args:
        request: that of any covered step, for what all have in common.
    """
    asked = [step.question for step in steps if step.covered]
    count = f"{len(asked)} of {len(steps)} steps"
    params: JsonObject = {
        "plan": title,
        "session": request.session,
        "minutes": int(policy.plans.seconds // 60),
        "steps": [step.shown() for step in steps],
    }
    files: dict[str, Digest] = {path: known for one in asked for path, known in one.files.items()}
    return replace(
        request,
        tool=PLAN,
        params=params,
        level=max(one.level for one in asked),
        outward=any(one.outward for one in asked),
        strong=any(one.strong for one in asked),
        rules=tuple(dict.fromkeys(rule for one in asked for rule in one.rules)),
        reason=f"one answer for {count}: {'; '.join(dict.fromkeys(one.reason for one in asked))}",
        action_digest=plan_digest(request, params, files),
        expires=request.created + ANSWER_SECONDS,
        recipients=tuple(dict.fromkeys(name for one in asked for name in one.recipients)),
        amounts=tuple(dict.fromkeys(sum_ for one in asked for sum_ in one.amounts)),
        quorum=max(one.quorum for one in asked),
        edited_from=None,
        files=files,
    )


def plan_digest(request: ApprovalRequest, params: JsonObject, files: Mapping[str, Digest]) -> Digest:
    """Return what the answer is bound to: as for any call (`approve.action_digest`), of the tool `PLAN`."""
    bound: dict[str, Json] = {"tenant": request.tenant, "agent": request.agent, "tool": PLAN, "params": params}
    return digest({**bound, "files": {**files}} if files else bound)


def covered_digests(request: ApprovalRequest) -> tuple[Digest, ...]:
    """Return the action digests of the calls that an answer to a plan covers, one for each time."""
    return tuple(Digest(step.object("bound").text("digest")) for step in _steps(request) if step.has("bound"))


def verify_plan(approval: Approval, question: ApprovalRequest, policy: Policy, now: float) -> ApprovalRequest:
    """Return the plan's question if its answer covers the call of `question`, judged afresh, at `now`.

    Raises:
        GrantError: named after what is wrong with it.
    """
    asked, thing = approval.request, f"plan {approval.request.id}"
    grants = (*approval.others, approval.grant) if approval.grant is not None else ()
    if approval.state is not ApprovalState.USED or not grants or not grants[-1].allow:
        raise ReplayedGrantError(thing, "nobody has approved it")
    if asked.tool != PLAN or plan_digest(asked, asked.params, asked.files) != asked.action_digest:
        raise MismatchedGrantError(thing, "is not what was asked")
    same = (asked.tenant, asked.agent, asked.session, asked.revision)
    if same != (question.tenant, question.agent, question.session, policy.revision):
        raise MismatchedGrantError(thing, "is another agent's or session's, or the policy has changed since")
    for given in grants:
        check_may_answer(verify_signature(given, asked, policy), asked, given.origin)
    if people(grants, shared_keys(policy)) < max(question.quorum, asked.quorum):
        raise WeakApproverError(thing, f"fewer than {question.quorum} people have approved it")
    if not approval.received - BACK_SECONDS <= now <= approval.received + policy.plans.seconds:
        raise ExpiredGrantError(thing, "its time is over")
    if policy.plans.up_to is None or question.level > policy.plans.up_to:
        raise WeakApproverError(thing, f"may not cover what is {question.level.word}")
    if all(graver(question, shown) for shown in _shown(asked, question.action_digest)):
        raise MismatchedGrantError(thing, "the call is not among its steps, or does more than was shown")
    return asked


def _shown(asked: ApprovalRequest, action_digest: Digest) -> list[ApprovalRequest]:
    """Return the steps with this digest, as the questions that were shown."""
    found: list[ApprovalRequest] = []
    for step in _steps(asked):
        bound = step.object("bound") if step.has("bound") else None
        if bound is not None and bound.text("digest") == action_digest:
            found.append(
                replace(
                    asked,
                    level=Level.named(step.text("level")) or Level.GREEN,
                    outward=bound.flag("outward"),
                    strong=bound.flag("strong"),
                    recipients=step.texts("reaches", ()),
                    amounts=step.texts("amounts", ()),
                )
            )
    return found


def _steps(request: ApprovalRequest) -> list[Reader]:
    return [*Reader(request.params, "plan").objects("steps")]
