"""How a run of a blueprint stands. What may follow what is in two tables; what is not in them cannot happen.

A run goes forward, or (`back`) takes back what it did. One act is one call: of a step, of one item of a step's list
("orders.2"), or the one that takes such an act back ("orders.2~back").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.blueprint import Blueprint, OnFailure

BACK: Final = "~back"
"""Ends the name of an act that takes another one back."""


class RunState(StrEnum):
    """Where a run stands."""

    ASKING = "asking"
    """The plan as a whole is being judged, or a person has been asked about it. Nothing has run."""
    RUNNING = "running"
    WAITING = "waiting"
    """A person has been asked about one act."""
    PAUSED = "paused"
    """The blueprint says that somebody looks before it goes on."""
    UNCERTAIN = "uncertain"
    """Nobody knows whether an act came about, or it came out otherwise than expected: a person has to say."""
    STOPPED = "stopped"
    """Something went wrong; a person goes on, or cancels."""
    DONE = "done"
    UNDONE = "undone"
    """What could be taken back has been."""
    REFUSED = "refused"
    """Policy or a person refused the plan. Nothing has run."""


TRANSITIONS: Final[Mapping[RunState, frozenset[RunState]]] = {
    RunState.ASKING: frozenset({RunState.RUNNING, RunState.REFUSED}),
    RunState.RUNNING: frozenset(
        {RunState.WAITING, RunState.PAUSED, RunState.UNCERTAIN, RunState.STOPPED, RunState.DONE, RunState.UNDONE}
    ),
    RunState.WAITING: frozenset({RunState.RUNNING}),
    RunState.PAUSED: frozenset({RunState.RUNNING}),
    RunState.UNCERTAIN: frozenset({RunState.RUNNING}),
    RunState.STOPPED: frozenset({RunState.RUNNING}),
    RunState.DONE: frozenset(),
    RunState.UNDONE: frozenset(),
    RunState.REFUSED: frozenset(),
}

ENDS: Final = frozenset(state for state, after in TRANSITIONS.items() if not after)
"""States of a run that is over."""


class ActState(StrEnum):
    """Where one act stands."""

    BEGUN = "begun"
    """It is to be done now, or was when a crash came. Its key sees to it that it is done once."""
    WAITING = "waiting"
    """A person has been asked."""
    DONE = "done"
    UNMET = "unmet"
    """It was done, and gave back what the blueprint does not expect."""
    FAILED = "failed"
    """It did not come about."""
    UNCERTAIN = "uncertain"
    """Nobody knows."""
    LEFT = "left"
    """A person has said to go on without it, or there is nothing that takes it back."""


ACTS: Final[Mapping[ActState, frozenset[ActState]]] = {
    ActState.BEGUN: frozenset(
        {ActState.BEGUN, ActState.WAITING, ActState.DONE, ActState.UNMET, ActState.FAILED}
        | {ActState.UNCERTAIN, ActState.LEFT}
    ),
    ActState.WAITING: frozenset({ActState.BEGUN}),
    ActState.FAILED: frozenset({ActState.BEGUN, ActState.LEFT}),
    ActState.UNMET: frozenset({ActState.BEGUN, ActState.DONE, ActState.LEFT}),
    ActState.UNCERTAIN: frozenset({ActState.BEGUN, ActState.DONE, ActState.LEFT}),
    ActState.DONE: frozenset(),
    ActState.LEFT: frozenset(),
}

HAPPENED: Final = frozenset({ActState.DONE, ActState.UNMET})
"""States of an act that has left something behind."""


@dataclass(frozen=True, slots=True)
class Act:
    """One call of a run.

    Attributes:
        step: the step's id.
        tries: how many keys have been used for it: one until it failed, or a person had it done again.
        output: what it gave back: JSON where it is that, else text; None where nothing is known.
        reason: why it failed, or whom it waits for.
        approval: of a question that is open: {"id", "code", "expires"}.
        execution: under which id the edge wrote it down; empty where it did not.
        undoable: the edge knows the call that takes it back.
        instead: {"tool", "params"}, where an approver changed the call.
    """

    name: str
    step: str
    state: ActState = ActState.BEGUN
    tries: int = 1
    output: Json = None
    reason: str = ""
    approval: JsonObject | None = None
    execution: str = ""
    undoable: bool = False
    instead: JsonObject | None = None

    def to(self, state: ActState, **changes: Json) -> Act:
        """Return the act in another state. Raises InputError where the table has no such step."""
        if state not in ACTS[self.state]:
            raise InputError(f"act {self.name}", f"cannot go from {self.state} to {state}")
        return replace(self, state=state, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        id: 32 hexadecimal digits.
        agent: for whom its calls are judged.
        begun: the day, 2027-01-31: the same however often it is resumed.
        back: it takes back what it did.
        passed: steps before which it has paused already.
        before: the step before which it stands still, where it is paused; "" elsewhere.
        why: what stands in its way, in words; empty where nothing does.
        cause: why it takes back what it did.
        plan: what the edge last said of the plan as a whole; empty where it was never asked.
    """

    id: str
    blueprint: Blueprint
    agent: str
    inputs: Mapping[str, Json]
    begun: str
    state: RunState = RunState.ASKING
    back: bool = False
    acts: Mapping[str, Act] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()
    before: str = ""
    why: str = ""
    cause: str = ""
    plan: JsonObject = field(default_factory=dict)

    @property
    def session(self) -> str:
        """The session in which its calls are made: its own."""
        return f"blueprint-{self.id}"

    @property
    def over(self) -> bool:
        """Nothing follows."""
        return self.state in ENDS

    def to(self, state: RunState, why: str = "") -> Run:
        """Return the run in another state. Raises InputError where the table has no such step."""
        if state not in TRANSITIONS[self.state]:
            raise InputError(f"run {self.id}", f"is {self.state}, and cannot be {state}")
        return replace(self, state=state, why=why)

    def with_act(self, act: Act) -> Run:
        """Return the run with one act as it stands now."""
        return replace(self, acts={**self.acts, act.name: act})


def resumed(run: Run) -> Run:
    """Return the run as it goes on after it stood still, or after a crash.

    Raises:
        InputError: it is over, or a person has to say first what became of an act.
    """
    if run.over:
        raise InputError(f"run {run.id}", f"is {run.state} already", "start another one: safety blueprint run")
    open_act = undecided(run)
    if open_act is not None:
        raise InputError(
            f"act {open_act.name}",
            f"is {open_act.state}: {open_act.reason or 'somebody has to look'}",
            f"look, then --say {open_act.name}=again, =done or =skip",
        )
    if run.state in {RunState.RUNNING, RunState.ASKING}:
        return run
    if run.state is RunState.PAUSED:
        run = replace(run, passed=run.passed | {run.before}, before="")
    return run.to(RunState.RUNNING)


def cancelled(run: Run) -> Run:
    """Return the run as it takes back what it did. Raises InputError as `resumed`."""
    if run.state is RunState.ASKING:
        return run.to(RunState.REFUSED, "it was cancelled before anything ran")
    run = resumed(run)
    return run if run.back else replace(run, back=True, cause="a person has cancelled it")


def undecided(run: Run) -> Act | None:
    """Return the act of which a person has to say what became of it, None where there is none.

    What came out otherwise than expected needs no word where the run takes it back anyway.
    """
    unclear = {ActState.UNCERTAIN} if run.back else {ActState.UNCERTAIN, ActState.UNMET}
    return next((act for act in run.acts.values() if act.state in unclear and not _passed(run, act)), None)


def _passed(run: Run, act: Act) -> bool:
    step = next((step for step in run.blueprint.steps if step.id == act.step), None)
    return act.state is ActState.UNMET and step is not None and step.on_failure is OnFailure.GO_ON


def decided(run: Run, name: str, state: ActState) -> Run:
    """Return the run with a person's word on one act: BEGUN (do it again), DONE, or LEFT (go on without it).

    Raises:
        InputError: there is no such act, or nothing is to be decided about it.
    """
    act = run.acts.get(name)
    if act is None:
        known = ", ".join(run.acts) or "none yet"
        raise InputError(f"act {name[:60]!a}", "is not one of this run", f"its acts: {known}")
    if act.state not in {ActState.UNCERTAIN, ActState.UNMET, ActState.FAILED}:
        raise InputError(f"act {name}", f"is {act.state}: there is nothing to decide")
    if state is ActState.BEGUN:
        return run.with_act(act.to(state, tries=act.tries + 1, reason="", output=None))
    return run.with_act(act.to(state, reason="as a person has said"))
