"""The calls of a run as they are known before it begins, for the gate to judge: what is still open is said to be so."""

from __future__ import annotations

from safety_core.blueprint.moves import rendered, values_of
from safety_core.blueprint.run import BACK, Run
from safety_core.blueprint.template import depends, filled_known
from safety_core.canonical import Json, JsonObject
from safety_core.model.blueprint import Step


def plan_of(run: Run, *, dry: bool) -> JsonObject:
    """Return the body of POST /v1/plan.

    Args:
        dry: nobody is asked. The calls that take steps back are in it, too: they are judged when they come.
    """
    steps: list[Json] = []
    for step in run.blueprint.steps:
        steps.append(_planned(run, step))
        if dry and step.compensate is not None and step.compensate.tool:
            back = step.compensate
            does = f"takes it back if the run fails: {step.words}"
            known = _known(run, back.tool, back.arguments, later=True)
            steps.append({"id": step.id + BACK, "does": does[:300], "tool": back.tool, "params": known, "later": True})
    plan: JsonObject = {"agent": run.agent, "session": run.session, "title": run.blueprint.title, "steps": steps}
    return {**plan, "dry": True} if dry else plan


def _planned(run: Run, step: Step) -> JsonObject:
    later = bool(step.for_each) or depends(step.arguments)
    params = _known(run, step.tool, step.arguments, later=later)
    return {"id": step.id, "does": step.words, "tool": step.tool, "params": params, "later": later}


def _known(run: Run, tool: str, arguments: JsonObject, *, later: bool) -> JsonObject:
    values = values_of(run, {})
    if not later:
        return rendered(tool, arguments, values)
    return {name: filled_known(value, values) for name, value in arguments.items()}
