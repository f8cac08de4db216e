"""A run as JSON, for the disk, and back. What comes from the disk is ours; it is read as strictly as anything."""

from __future__ import annotations

from safety_core.blueprint.parse import parse_blueprint
from safety_core.blueprint.run import Act, ActState, Run, RunState
from safety_core.canonical import JsonObject
from safety_core.wire.reader import BODY_LIMIT, Reader


def run_to_json(run: Run) -> JsonObject:
    """Return a run as JSON."""
    return {
        "id": run.id,
        "blueprint": run.blueprint.source,
        "agent": run.agent,
        "inputs": {**run.inputs},
        "begun": run.begun,
        "state": run.state.value,
        "back": run.back,
        "acts": [act_to_json(act) for act in run.acts.values()],
        "passed": [*sorted(run.passed)],
        "before": run.before,
        "why": run.why,
        "cause": run.cause,
        "plan": run.plan,
    }


def act_to_json(act: Act) -> JsonObject:
    """Return an act as JSON."""
    return {
        "name": act.name,
        "step": act.step,
        "state": act.state.value,
        "tries": act.tries,
        "output": act.output,
        "reason": act.reason,
        "approval": act.approval,
        "execution": act.execution,
        "undoable": act.undoable,
        "instead": act.instead,
    }


def run_from_json(body: Reader) -> Run:
    """Return the run that `run_to_json` wrote. Raises InputError or ValueError where it is none."""
    source = body.object("blueprint")
    acts = [_act(act) for act in body.objects("acts")]
    return Run(
        id=body.text("id"),
        blueprint=parse_blueprint(source.text("id"), source),
        agent=body.text("agent"),
        inputs=body.mapping("inputs"),
        begun=body.text("begun"),
        state=RunState(body.text("state")),
        back=body.flag("back"),
        acts={act.name: act for act in acts},
        passed=frozenset(body.texts("passed")),
        before=body.text("before"),
        why=body.text("why", limit=BODY_LIMIT),
        cause=body.text("cause", limit=BODY_LIMIT),
        plan=body.mapping("plan"),
    )


def _act(body: Reader) -> Act:
    return Act(
        name=body.text("name"),
        step=body.text("step"),
        state=ActState(body.text("state")),
        tries=body.integer("tries"),
        output=body.json("output"),
        reason=body.text("reason", limit=BODY_LIMIT),
        approval=body.mapping("approval") if body.has("approval") else None,
        execution=body.text("execution"),
        undoable=body.flag("undoable"),
        instead=body.mapping("instead") if body.has("instead") else None,
    )
