"""What a run does next, and what becomes of it then. Pure: the same run makes the same moves, whoever was killed when.

    move = next_move(run)
    run = begun(run, move)            # on disk before the call is made
    run = answered(run, move, ...)    # on disk before the next one

Every call bears a key made of run, act and number of tries. So a call that was made before a crash is made again by its
key alone, and the edge tells what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from safety_core.blueprint.checked import ADDRESS_NAMES, PATH_NAMES
from safety_core.blueprint.run import BACK, HAPPENED, Act, ActState, Run, RunState
from safety_core.blueprint.template import Values, filled, filled_address, filled_path, meant
from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.blueprint import Comparison, Compensation, Condition, OnFailure, Step
from safety_core.wire.lenient import object_of
from safety_core.wire.reader import parse_json

_ENDED: Final = frozenset({ActState.DONE, ActState.LEFT})

UNCERTAIN: Final = "UncertainError"
"""The rule by which the edge says that nobody knows."""

SHOWN: Final = 300
"""Characters of an output that are told where it failed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call is to be made.

    Attributes:
        act: as it stands before; `begun` puts it into the run.
        undoes: the execution that it takes back, where the edge knows the call; empty elsewhere.
    """

    act: Act
    tool: str
    params: JsonObject
    undoes: str = ""

    def key(self, run: Run) -> str:
        """Return the idempotency key: the same for each try of this act until somebody wants another one."""
        return f"{run.id}/{self.act.name}/{self.act.tries}"


@dataclass(frozen=True, slots=True)
class Pause:
    """The blueprint says that somebody looks first."""

    step: Step


@dataclass(frozen=True, slots=True)
class Broken:
    """An act cannot be made: what it is made of is not there."""

    act: Act
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edge said to a call.

    Attributes:
        status: "executed", "pending" or "refused".
    """

    status: str
    output: str = ""
    exit: int = 0
    truncated: bool = False
    rule: str = ""
    reason: str = ""
    approval: JsonObject | None = None
    execution: str = ""
    undoable: bool = False
    instead: JsonObject | None = None


Move: TypeAlias = Call | Pause | Broken | Finish


def next_move(run: Run) -> Move:
    """Return what a running run does next."""
    return _next_back(run) if run.back else _next_forward(run)


def begun(run: Run, move: Call) -> Run:
    """Return the run with the act under way. It is written down before the call is made."""
    act = run.acts.get(move.act.name)
    if act is None or act.state is ActState.BEGUN:
        return run.with_act(move.act)
    return run.with_act(act.to(ActState.BEGUN, tries=move.act.tries, approval=None, reason=""))


def answered(run: Run, move: Call, answer: Answer) -> Run:
    """Return the run with what came of the call."""
    act = run.acts[move.act.name]
    match answer.status:
        case "executed":
            return _executed(run, act, answer)
        case "pending":
            waiting = act.to(ActState.WAITING, approval=answer.approval, reason=answer.reason)
            return run.with_act(waiting).to(RunState.WAITING, f"{act.name}: a person is asked")
        case _ if answer.rule == UNCERTAIN:
            uncertain = act.to(ActState.UNCERTAIN, reason=answer.reason)
            return run.with_act(uncertain).to(RunState.UNCERTAIN, f"{act.name}: {answer.reason}")
        case _ if answer.instead is not None:
            changed = act.to(ActState.BEGUN, tries=act.tries + 1)
            return run.with_act(replace(changed, instead=answer.instead))
        case _:
            return failed(run, act, answer.reason)


def failed(run: Run, act: Act, reason: str) -> Run:
    """Return the run after an act that did not come about."""
    return _gone_wrong(run, act.to(ActState.FAILED, reason=reason), reason)


def moved(run: Run, move: Pause | Broken | Finish) -> Run:
    """Return the run after a move that makes no call."""
    match move:
        case Pause(step):
            return replace(run.to(RunState.PAUSED, f"{step.id}: {step.pause}"), before=step.id)
        case Broken(act, reason):
            return failed(run.with_act(replace(act, state=ActState.BEGUN)), replace(act, state=ActState.BEGUN), reason)
        case _:
            return run.to(RunState.UNDONE if run.back else RunState.DONE, run.cause)


def values_of(run: Run, outputs: JsonObject, item: Json = None) -> Values:
    """Return what templates mean in a run at one place."""
    return Values(run.inputs, outputs, {"id": run.id, "date": run.begun}, item)


def rendered(tool: str, arguments: JsonObject, values: Values) -> JsonObject:
    """Return the arguments of a call with their values. Raises InputError where one is not there."""
    made: JsonObject = {}
    for name, value in arguments.items():
        try:
            if isinstance(value, str) and name in ADDRESS_NAMES:
                made[name] = filled_address(value, values)
            elif isinstance(value, str) and name in PATH_NAMES:
                made[name] = filled_path(value, values)
            else:
                made[name] = filled(value, values)
        except InputError as error:
            raise InputError(f"argument {name} of {tool}", f"{error.thing} {error.reason}", error.fix) from error
    return made


def holds(condition: Condition, values: Values) -> bool:
    """Tell whether a condition holds."""
    value = meant(condition.value, values)
    match condition.test:
        case Comparison.IS:
            return value == condition.than
        case Comparison.IS_NOT:
            return value != condition.than
        case _:
            return _size(value) > float(str(condition.than))


def items_of(run: Run, step: Step, outputs: JsonObject) -> Iterator[tuple[str, Json]]:
    """Yield the names of a step's acts with the item of each. Raises InputError where its list is none."""
    if not step.for_each:
        yield step.id, None
        return
    items = meant(step.for_each, values_of(run, outputs))
    if items is None:
        items = []
    if not isinstance(items, list):
        raise InputError(f"step {step.id}", "is to be done for each of what is no list", "look at the earlier steps")
    for number, item in enumerate(items[: step.most], 1):
        yield f"{step.id}.{number}", item


def outputs_of(run: Run) -> JsonObject:
    """Return what the steps have given back so far, by id; of a step for a list, a list."""
    outputs: JsonObject = {}
    for step in run.blueprint.steps:
        mine = [act for act in run.acts.values() if act.step == step.id and not act.name.endswith(BACK)]
        given = [act.output for act in sorted(mine, key=lambda act: _number(act.name)) if act.state in HAPPENED]
        outputs[step.id] = list(given) if step.for_each else (given[0] if given else None)
    return outputs


def _next_forward(run: Run) -> Move:
    outputs = outputs_of(run)
    for step in run.blueprint.steps:
        try:
            if step.when is not None and not holds(step.when, values_of(run, outputs)):
                continue
            acts = [*items_of(run, step, outputs)]
        except InputError as error:
            return Broken(Act(step.id, step.id), str(error))
        if acts and step.pause and step.id not in run.passed:
            return Pause(step)
        for name, item in acts:
            act = run.acts.get(name, Act(name, step.id))
            if name not in run.acts or not _gone_by(act, step):
                return _forward(step, act, values_of(run, outputs, item))
    return Finish()


def _gone_by(act: Act, step: Step) -> bool:
    return act.state in _ENDED or (
        step.on_failure is OnFailure.GO_ON and act.state in {ActState.FAILED, ActState.UNMET}
    )


def _forward(step: Step, act: Act, values: Values) -> Move:
    again = act.state in {ActState.FAILED, ActState.UNMET}  # whoever goes on wants another try, which has its own key
    act = replace(act, tries=act.tries + 1) if again else act
    if act.instead is not None:
        return Call(act, str(act.instead["tool"]), object_of(act.instead["params"]))
    try:
        return Call(act, step.tool, rendered(step.tool, step.arguments, values))
    except InputError as error:
        return Broken(act, str(error))


def _next_back(run: Run) -> Move:
    outputs = outputs_of(run)
    for step in reversed(run.blueprint.steps):
        mine = [act for act in run.acts.values() if act.step == step.id and not act.name.endswith(BACK)]
        for act in sorted(mine, key=lambda act: -_number(act.name)):
            back = run.acts.get(act.name + BACK, Act(act.name + BACK, step.id))
            if act.state in HAPPENED and step.compensate is not None and back.state not in _ENDED:
                return _backward(run, step, step.compensate, (act, back), outputs)
    return Finish()


def _backward(run: Run, step: Step, way: Compensation, acts: tuple[Act, Act], outputs: JsonObject) -> Move:
    act, back = acts
    back = replace(back, tries=back.tries + 1) if back.state is ActState.FAILED else back
    if back.instead is not None:
        return Call(back, str(back.instead["tool"]), object_of(back.instead["params"]))
    if not way.tool:
        undoable = act.undoable and bool(act.execution)
        reason = "the service has said nothing that takes it back"
        return Call(back, "", {}, act.execution) if undoable else Broken(back, reason)
    items = dict(items_of(run, step, outputs)) if step.for_each else {}
    mine = {**outputs, step.id: act.output}
    try:
        return Call(back, way.tool, rendered(way.tool, way.arguments, values_of(run, mine, items.get(act.name))))
    except InputError as error:
        return Broken(back, str(error))


def _executed(run: Run, act: Act, answer: Answer) -> Run:
    if not (answer.exit == 0 or 200 <= answer.exit < 300):
        told = answer.output.strip()[:SHOWN]
        wrong = replace(act.to(ActState.FAILED, reason=f"ended with {answer.exit}: {told}"), execution=answer.execution)
        return _gone_wrong(run, wrong, wrong.reason)
    written = replace(act, execution=answer.execution, undoable=answer.undoable)
    done = written.to(ActState.DONE, output=_output(answer), reason="")
    step = next(step for step in run.blueprint.steps if step.id == act.step)
    if step.expect is None or act.name.endswith(BACK):
        return run.with_act(done)
    outputs = {**outputs_of(run), step.id: done.output}
    try:
        met = holds(step.expect, values_of(run, outputs))
    except InputError:
        met = False
    if met:
        return run.with_act(done)
    unmet = replace(done, state=ActState.UNMET, reason=step.expect.words or "it gave back what is not expected")
    return _gone_wrong(run, unmet, unmet.reason)


def _gone_wrong(run: Run, act: Act, reason: str) -> Run:
    run = run.with_act(act)
    why = f"{act.name}: {reason}"
    step = next(step for step in run.blueprint.steps if step.id == act.step)
    if run.back or step.on_failure is OnFailure.STOP:
        return run.to(RunState.STOPPED, why)
    if step.on_failure is OnFailure.GO_ON:
        return run
    return replace(run, back=True, cause=why)


def _output(answer: Answer) -> Json:
    """Return the output as JSON where it is one whole document, else as text."""
    if answer.truncated:
        return answer.output
    try:
        return parse_json(answer.output, "output")
    except InputError:
        return answer.output


def _number(name: str) -> int:
    _, _, number = name.removesuffix(BACK).partition(".")
    return int(number or 0)


def _size(value: Json) -> float:
    if isinstance(value, bool) or value is None:
        return 0.0
    return float(len(value)) if isinstance(value, str | list | dict) else float(value)
