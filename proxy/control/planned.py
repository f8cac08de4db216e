"""Plans and blueprints, as the control listener tells them.

/v1/plan       {"state": "free"|"pending"|"granted"|"refused", "steps": [STEP], "rule", "reason", "approval"?}
STEP           {"id", "does", "tool", "level", "outcome", "answer", "reason", "recipients", "amounts", "later"}
/v1/blueprints {"revision", "plans": null or {"up_to", "minutes"}, "blueprints": [as in the policy's sources]}

`level` and `outcome` are null for a step that cannot run. `answer` is what becomes of it: "needs no answer", "this
answer" (the one to the plan), "asks by itself", "known later", "denied", "cannot run".
"""

from __future__ import annotations

from proxy.control.answers import asked_json
from safety_core.canonical import JsonObject
from safety_core.flow.answers import Refused
from safety_core.flow.plan import PlanAnswer, PlanState, Profiled
from safety_core.model.policy import Policy


def plan_json(answer: PlanAnswer | Refused) -> JsonObject:
    """Return the body of what becomes of a plan."""
    if isinstance(answer, Refused):
        return {"state": PlanState.REFUSED.value, "steps": [], "rule": answer.rule, "reason": answer.reason}
    told: JsonObject = {
        "state": answer.state.value,
        "steps": [_step(step) for step in answer.steps],
        "rule": answer.rule,
        "reason": answer.reason,
    }
    return {**told, "approval": asked_json(answer.request)} if answer.request else told


def blueprints_json(policy: Policy) -> JsonObject:
    """Return the blueprints that the security team has signed, and whether one answer may cover a plan."""
    rules = policy.plans
    covered: JsonObject | None = None
    if rules.up_to is not None:
        covered = {"up_to": rules.up_to.word, "minutes": int(rules.seconds // 60)}
    listed = [blueprint.source for blueprint in policy.blueprints.values()]
    return {"revision": policy.revision, "plans": covered, "blueprints": [*listed]}


def _step(step: Profiled) -> JsonObject:
    case, question = step.case, step.question
    return {
        "id": step.planned.call.id,
        "does": step.planned.words,
        "tool": step.planned.call.tool if case is None else case.verdict.facts.tool,
        "level": None if case is None else case.verdict.level.word,
        "outcome": None if case is None else case.ruling.outcome.word,
        "answer": step.how.value,
        "reason": step.reason,
        "recipients": [*question.recipients] if question else [],
        "amounts": [*question.amounts] if question else [],
        "later": step.planned.later,
    }
