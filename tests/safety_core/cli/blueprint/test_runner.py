"""A run is killed at every boundary, and comes to the same end; what waits for people and for the edge."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from safety_core.blueprint.moves import Answer, Call
from safety_core.blueprint.run import Act, ActState, Run, RunState, decided, resumed
from safety_core.blueprint.stored import run_from_json, run_to_json
from safety_core.canonical import JsonObject
from safety_core.cli.blueprint.runner import Runner
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader
from tests.safety_core.blueprint.conftest import parsed, source
from tests.safety_core.blueprint.test_moves import ROWS

OUTPUTS = {"sql_query": {"rows": ROWS}, "mail_send": {"message_id": "m"}, "write": "ok", "read": "end"}


class Killed(BaseException):
    """The process is no more."""


@dataclass
class World:
    """The disk and the edge. `left`: boundaries until the runner is killed; None for never."""

    disk: bytes = b""
    done: dict[str, Answer] = field(default_factory=dict)
    acts: list[tuple[str, Any]] = field(default_factory=list)
    left: int | None = None
    passed: int = 0
    answers: list[Answer | Exception] = field(default_factory=list)
    plans: list[JsonObject | Exception] = field(default_factory=list)
    ended: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    refused: str = ""

    def boundary(self) -> None:
        self.passed += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    def save(self, run: Run) -> None:
        self.boundary()
        self.disk = json.dumps(run_to_json(run)).encode()
        self.boundary()

    def plan(self, plan: JsonObject, wait: float = 0.0) -> JsonObject:
        self.boundary()
        told = self.plans.pop(0) if self.plans else {"state": "free"}
        if isinstance(told, Exception):
            raise told
        return told

    def run(self, run: Run, call: Call, wait: float = 0.0) -> Answer:
        self.boundary()
        key = call.key(run)
        if key not in self.done:
            answer = self.answers.pop(0) if self.answers else self._does(call)
            if isinstance(answer, Exception):
                raise answer
            if answer.status != "executed":
                return answer
            self.acts.append((call.tool, call.params))
            self.done[key] = answer
        self.boundary()
        return self.done[key]

    def _does(self, call: Call) -> Answer:
        if self.refused and call.params.get("subject") == self.refused:
            return Answer("refused", rule="floor", reason="no")
        output = OUTPUTS.get(call.tool, "ok")
        return Answer(
            "executed", output if isinstance(output, str) else json.dumps(output), execution="e", undoable=True
        )

    def over(self, run: Run) -> None:
        self.ended += 1
        if self.ended == 1:
            raise UnavailableError("edge", "is away")

    def on_disk(self) -> Run:
        return run_from_json(Reader.parse(self.disk, "run"))

    def goes(self, run: Run, wait: float = 0.0, **options: Any) -> Run:
        def say(run: Run, act: Act | None) -> None:
            self.told.append((run.state.value, act.name if act else ""))

        return Runner(self, self, say, wait=wait, patience=options.pop("patience", 0.0)).go(run, **options)


def fresh(changed: dict[str, Any] | None = None) -> Run:
    values = {"days": 3, "sender": "me@example.com"}
    return Run("a" * 32, parsed(changed), "main", values, "2027-01-31")


def to_the_end(world: World, run: Run) -> Run:
    """Go on, over pauses."""
    run = world.goes(run)
    while run.state is RunState.PAUSED:
        run = world.goes(resumed(run))
    return run


def unfailing(_: World) -> None:
    return


def failing_late(world: World) -> None:
    world.refused = "Order 2"


@pytest.mark.parametrize("prepared", [unfailing, failing_late], ids=["done", "taken back"])
def test_killed_at_every_boundary_it_comes_to_the_same_end(prepared: Callable[[World], None]) -> None:
    whole = World()
    prepared(whole)
    end = to_the_end(whole, fresh())
    assert end.over
    for moment in range(whole.passed):
        world = World(left=moment)
        world.disk = json.dumps(run_to_json(fresh())).encode()
        prepared(world)
        with pytest.raises(Killed):
            to_the_end(world, fresh())
        world.left = None
        again = world.on_disk()
        again = again if again.state is RunState.RUNNING or again.over else resumed(again)
        assert to_the_end(world, again) == end, moment
        assert world.acts == whole.acts, moment
        assert world.on_disk() == end, moment


def test_killed_at_every_boundary_one_after_the_other() -> None:
    whole = World()
    end = to_the_end(whole, fresh())
    world, run, kills = World(), fresh(), 0
    while kills < 100:
        world.left = 6  # one whole move, and a bit of the next
        try:
            run = to_the_end(world, run)
            break
        except Killed:
            kills += 1
            run = world.on_disk() if world.disk else run
            run = resumed(run)
    assert kills >= 4
    assert (run, world.acts) == (end, whole.acts)


def test_a_plan_that_waits_for_a_person_leaves_the_run_as_it_is() -> None:
    world = World(plans=[{"state": "pending", "approval": {"id": "q"}}, {"state": "granted"}])
    run = world.goes(fresh())
    assert (run.state, run.why, run.plan["approval"]) == (RunState.ASKING, "the plan: a person is asked", {"id": "q"})
    assert world.goes(resumed(world.on_disk())).state is RunState.PAUSED
    waited = World(plans=[{"state": "pending"}, {"state": "pending"}, {"state": "granted"}])
    assert waited.goes(fresh(), wait=60.0).state is RunState.PAUSED


def test_a_plan_that_is_refused_ends_the_run_before_anything_ran() -> None:
    world = World(plans=[{"state": "refused", "reason": "a floor"}])
    run = world.goes(fresh())
    assert (run.state, run.why, world.acts) == (RunState.REFUSED, "a floor", [])
    assert world.ended == 1


def test_one_by_one_nobody_is_asked_about_the_plan() -> None:
    world = World(plans=[{"state": "refused"}])
    assert world.goes(fresh(), one_by_one=True).state is RunState.PAUSED
    assert world.plans


def test_a_person_is_asked_about_one_act_and_waited_for() -> None:
    pending = Answer("pending", reason="outside", approval={"id": "q"})
    world = World(answers=[pending])
    assert world.goes(fresh()).state is RunState.WAITING
    assert world.goes(resumed(world.on_disk())).state is RunState.PAUSED
    waited = World(answers=[pending, pending])
    assert waited.goes(fresh(), wait=60.0).state is RunState.PAUSED


def test_an_edge_that_is_away_leaves_the_act_begun_and_it_is_made_again() -> None:
    away = UnavailableError("edge", "is not running")
    world = World(answers=[away])
    with pytest.raises(UnavailableError):
        world.goes(fresh())
    assert world.on_disk().acts["orders"].state is ActState.BEGUN
    assert world.goes(resumed(world.on_disk())).state is RunState.PAUSED
    back = World(answers=[away, Answer("refused", rule="BusyError", reason="under way")])
    assert back.goes(fresh(), patience=30.0).state is RunState.PAUSED


def test_what_stays_busy_is_told() -> None:
    world = World(answers=[Answer("refused", rule="BusyError", reason="under way")])
    assert world.goes(fresh()).why == "orders: under way"


def test_a_doubt_is_looked_into_once_by_the_key_and_then_left_to_a_person() -> None:
    doubt = Answer("refused", rule="UncertainError", reason="the line was cut")
    world = World(answers=[doubt])
    assert world.goes(fresh(), patience=30.0).state is RunState.PAUSED
    world = World(answers=[doubt, doubt])
    run = world.goes(fresh(), patience=30.0)
    assert run.state is RunState.UNCERTAIN
    assert world.goes(resumed(decided(run, "orders", ActState.BEGUN))).state is RunState.PAUSED


def test_a_call_that_the_edge_cannot_read_fails_its_step() -> None:
    world = World(answers=[InputError("request.call", "is odd")])
    run = world.goes(fresh())
    assert (run.state, run.acts["orders"].state) == (RunState.UNDONE, ActState.FAILED)


def test_each_move_is_told() -> None:
    world = World()
    raw = source()
    raw["steps"] = raw["steps"][:1]
    assert world.goes(replace(fresh(), blueprint=parsed(raw))).state is RunState.DONE
    assert world.told == [("running", ""), ("running", "orders"), ("running", "orders"), ("done", "")]
