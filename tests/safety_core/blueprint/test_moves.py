"""What a run does next, step by step, with the edge's answers played by the test."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from safety_core.blueprint.moves import Answer, Broken, Call, Finish, Pause, answered, begun, moved, next_move
from safety_core.blueprint.run import ACTS, TRANSITIONS, Act, ActState, Run, RunState, cancelled, decided, resumed
from safety_core.canonical import Json
from safety_core.errors import InputError
from tests.safety_core.blueprint.conftest import parsed, source

ROWS: list[Json] = [{"id": 1, "email": "ann@example.com"}, {"id": 2, "email": "bob@example.com"}, {"id": 3}]


def run(changed: dict[str, Any] | None = None, **changes: Any) -> Run:
    values = {"days": 3, "sender": "me@example.com"}
    return Run("a" * 32, parsed(changed), "main", values, "2027-01-31", state=RunState.RUNNING, **changes)


def done(output: Json = "", **more: Any) -> Answer:
    return Answer("executed", output if isinstance(output, str) else json.dumps(output), **more)


def refused(reason: str = "no", rule: str = "floor") -> Answer:
    return Answer("refused", rule=rule, reason=reason)


def played(here: Run, *answers: Answer) -> tuple[Run, list[Call]]:
    """Give these answers to the calls that come, and return the run and the calls."""
    calls: list[Call] = []
    for answer in answers:
        move = next_move(here)
        assert isinstance(move, Call), move
        calls.append(move)
        here = answered(begun(here, move), move, answer)
    return here, calls


def names(calls: list[Call]) -> list[str]:
    return [call.act.name for call in calls]


FORWARD = (done({"rows": ROWS}), done("ok"), done({"message_id": "m1"}), done({"message_id": "m2"}), done("ok"))


def test_a_run_makes_its_steps_in_order_once_for_each_item_and_ends() -> None:
    here, calls = played(run(), *FORWARD)
    assert names(calls) == ["orders", "note", "tell.1", "tell.2", "big"]
    assert calls[0].params == {"query": "SELECT 1", "parameters": [3]}
    assert calls[1].params == {"path": "late-2027-01-31.txt", "content": "3 days, from me@example.com"}
    assert calls[3].params == {"to": "bob@example.com", "subject": "Order 2"}
    assert calls[4].params["body"] == "m1"
    assert len({call.key(here) for call in calls}) == 5
    pause = next_move(here)
    assert isinstance(pause, Pause)
    here = moved(here, pause)
    assert (here.state, here.why) == (RunState.PAUSED, "last: Look at the mails.")
    here, calls = played(resumed(here), done("end"))
    assert names(calls) == ["last"]
    here = moved(here, Finish())
    assert (next_move(here), here.state, here.over) == (Finish(), RunState.DONE, True)


def test_a_step_whose_condition_does_not_hold_is_left_out() -> None:
    here, calls = played(run(), done({"rows": ROWS[:1]}), done("ok"), done({"message_id": "m1"}))
    assert names(calls) == ["orders", "note", "tell.1"]
    assert isinstance(next_move(here), Pause)


@pytest.mark.parametrize(("test", "than", "holds"), [("is", 3, True), ("is", 4, False), ("is_not", 3, False)])
def test_conditions(test: str, than: int, holds: bool) -> None:
    raw = source()
    raw["steps"] = [{"id": "a", "words": "A", "tool": "read", "when": {"value": "{{inputs.days}}", test: than}}]
    assert isinstance(next_move(run(raw)), Call) is holds


@pytest.mark.parametrize(("value", "size"), [(True, 0), (None, 0), ("ab", 2), ([1], 1), ({"a": 1}, 1), (7.5, 7.5)])
def test_over_is_about_sizes(value: Json, size: float) -> None:
    raw = source()
    when = {"value": "{{steps.a.output.x}}", "over": size}
    raw["steps"] = [{"id": "a", "words": "A", "tool": "read"}, {"id": "b", "words": "B", "tool": "read", "when": when}]
    here, _ = played(run(raw), done({"x": value}))
    assert next_move(here) == Finish()
    when["over"] = size - 0.5
    here, _ = played(run(raw), done({"x": value}))
    assert isinstance(next_move(here), Call)


def test_a_failure_takes_back_what_was_done_the_last_first() -> None:
    here, _ = played(run(), *FORWARD[:2], done({"message_id": "m1"}, execution="e1", undoable=True), refused())
    assert (here.back, here.state) == (True, RunState.RUNNING)
    here, calls = played(here, done("taken back"), done("gone"))
    assert [(call.act.name, call.tool, call.undoes) for call in calls] == [
        ("tell.1~back", "", "e1"),
        ("note~back", "write", ""),
    ]
    assert calls[1].params == {"path": "late-2027-01-31.txt", "content": "gone"}
    here = moved(here, Finish())
    assert (here.state, here.why) == (RunState.UNDONE, "tell.2: no")


def test_what_cannot_be_taken_back_stops_until_somebody_goes_on_without() -> None:
    here, _ = played(run(), *FORWARD[:3], refused())
    broken = next_move(here)
    assert isinstance(broken, Broken)
    here = moved(here, broken)
    assert (here.state, here.acts["tell.1~back"].state) == (RunState.STOPPED, ActState.FAILED)
    here = resumed(decided(here, "tell.1~back", ActState.LEFT))
    here, calls = played(here, done())
    assert names(calls) == ["note~back"]


def test_a_compensation_that_fails_stops_and_is_tried_again_under_a_new_key() -> None:
    here, _ = played(run(), *FORWARD[:2], refused())
    here, first = played(here, refused("disk full"))
    assert (here.state, here.why) == (RunState.STOPPED, "note~back: disk full")
    here, second = played(resumed(here), done())
    assert names(first) == names(second) == ["note~back"]
    assert first[0].key(here) != second[0].key(here)


def test_a_compensation_that_needs_what_is_not_there_stops() -> None:
    raw = source()
    raw["steps"][1]["compensate"]["arguments"]["content"] = "was {{steps.note.output.before}}"
    here, _ = played(run(raw), *FORWARD[:2], refused())
    broken = next_move(here)
    assert isinstance(broken, Broken)
    assert "is nothing" in broken.reason


def test_an_item_is_known_to_what_takes_its_act_back() -> None:
    raw = source()
    raw["steps"][2]["compensate"] = {"tool": "note", "arguments": {"about": "{{item.id}} {{steps.tell.output.x}}"}}
    here, _ = played(run(raw), *FORWARD[:2], done({"x": "m1"}), refused())
    move = next_move(here)
    assert isinstance(move, Call)
    assert move.params == {"about": "1 m1"}


def test_a_step_may_fail_and_the_run_goes_on() -> None:
    here, _ = played(run(), *FORWARD[:4], refused("no boss"))
    assert here.acts["big"].state is ActState.FAILED
    assert isinstance(next_move(here), Pause)


def test_a_step_may_fail_and_the_run_stops_and_tries_again() -> None:
    here, _ = played(run(passed=frozenset({"last"})), *FORWARD, done("Not found", exit=404))
    assert (here.state, here.why) == (RunState.STOPPED, "last: ended with 404: Not found")
    here, calls = played(resumed(here), done("there", exit=200))
    assert (names(calls), calls[0].act.tries) == (["last"], 2)
    assert here.acts["last"].state is ActState.DONE


def test_what_is_not_expected_is_a_failure_that_happened() -> None:
    here, _ = played(run(), done({"rows": []}))
    assert (here.acts["orders"].state, here.acts["orders"].reason) == (ActState.UNMET, "there are none")
    assert next_move(here) == Finish()
    raw = source()
    raw["steps"][0] |= {
        "compensate": "undo",
        "expect": {"value": "{{steps.orders.output}}: {{steps.orders.output.x}}", "is": 1},
    }
    here, _ = played(run(raw), done({"rows": []}, execution="e1", undoable=True))
    assert (here.acts["orders"].state, here.acts["orders"].reason) == (
        ActState.UNMET,
        "it gave back what is not expected",
    )
    assert names([move for move in [next_move(here)] if isinstance(move, Call)]) == ["orders~back"]


def test_an_unmet_step_that_stops_waits_for_a_word() -> None:
    raw = source()
    raw["steps"][0]["on_failure"] = "stop"
    here, _ = played(run(raw), done({"rows": []}))
    assert here.state is RunState.STOPPED
    with pytest.raises(InputError, match="there are none"):
        resumed(here)
    again, calls = played(resumed(decided(here, "orders", ActState.BEGUN)), done({"rows": ROWS}))
    assert (names(calls), again.acts["orders"].state) == (["orders"], ActState.DONE)
    assert calls[0].act.tries == 2
    assert resumed(decided(here, "orders", ActState.DONE)).state is RunState.RUNNING
    raw["steps"][0]["on_failure"] = "go_on"
    here, _ = played(run(raw), done({"rows": []}))
    assert here.state is RunState.RUNNING
    assert isinstance(next_move(here), Call)
    paused, _ = played(here, done())
    paused = moved(paused, next_move(paused))  # type: ignore[arg-type]
    assert resumed(paused).state is RunState.RUNNING


def test_a_person_is_asked_and_the_same_call_is_made_again() -> None:
    asked = Answer("pending", reason="reaches somebody", approval={"id": "q1", "code": "AB"})
    here, first = played(run(), asked)
    assert (here.state, here.why) == (RunState.WAITING, "orders: a person is asked")
    assert here.acts["orders"].approval == {"id": "q1", "code": "AB"}
    here, second = played(resumed(here), done({"rows": ROWS}))
    assert first[0].key(here) == second[0].key(here)
    assert here.acts["orders"].approval is None


def test_nobody_knows_so_a_person_says() -> None:
    here, _ = played(run(), refused("the line was cut", "UncertainError"))
    assert (here.state, here.acts["orders"].state) == (RunState.UNCERTAIN, ActState.UNCERTAIN)
    with pytest.raises(InputError, match="orders=again"):
        resumed(here)
    with pytest.raises(InputError):
        cancelled(here)
    assert next_move(resumed(decided(here, "orders", ActState.LEFT))) == next_move(
        resumed(decided(here, "orders", ActState.DONE))
    )


def test_an_approver_changes_a_call_and_the_changed_one_is_made() -> None:
    instead: dict[str, Json] = {"tool": "sql_query", "params": {"query": "SELECT 2"}}
    edited = Answer("refused", rule="approval edited", reason="made shorter", instead=instead)
    here, calls = played(run(), edited, done({"rows": ROWS}))
    assert (calls[1].params, calls[1].tool, calls[1].act.tries) == ({"query": "SELECT 2"}, "sql_query", 2)
    back, _ = played(here, done(), refused())
    back, calls = played(back, replace(edited, instead={"tool": "write", "params": "odd"}), done())
    assert (calls[1].tool, calls[1].params) == ("write", {})


def test_a_call_that_cannot_be_made_fails_its_step() -> None:
    here, _ = played(run(), done({"rows": ROWS}), done(), done("no JSON"), done("no JSON"))
    broken = next_move(here)
    assert isinstance(broken, Broken)
    here = moved(here, broken)
    assert here.acts["big"].state is ActState.FAILED
    raw = source()
    raw["steps"][0].pop("expect")
    here, _ = played(run(raw), done({"rows": "none"}), done())
    broken = next_move(here)
    assert isinstance(broken, Broken)
    assert "no list" in broken.reason


def test_a_list_that_is_not_there_is_empty() -> None:
    raw = source()
    raw["steps"][0].pop("expect")
    here, _ = played(run(raw), done("nothing"), done())
    assert isinstance(next_move(here), Pause)


def test_what_was_cut_off_is_a_text() -> None:
    raw = source()
    raw["steps"][0].pop("expect")
    here, _ = played(run(raw), done({"rows": ROWS}, truncated=True))
    assert isinstance(here.acts["orders"].output, str)


def test_arguments_that_are_addresses_take_pieces() -> None:
    raw = source()
    raw["steps"] = [
        {"id": "a", "words": "A", "tool": "web_fetch", "arguments": {"url": "https://x.example/{{inputs.sender}}"}}
    ]
    move = next_move(run(raw))
    assert isinstance(move, Call)
    assert move.params == {"url": "https://x.example/me%40example.com"}


def test_a_run_can_be_cancelled_while_it_stands_still() -> None:
    here, _ = played(run(), *FORWARD)
    here = cancelled(moved(here, next_move(here)))  # type: ignore[arg-type]
    assert (here.back, here.cause) == (True, "a person has cancelled it")
    assert cancelled(here) is here
    early = cancelled(replace(run(), state=RunState.ASKING))
    assert (early.state, early.over) == (RunState.REFUSED, True)
    with pytest.raises(InputError, match="already"):
        resumed(early)


def test_what_is_not_in_the_tables_cannot_happen() -> None:
    with pytest.raises(InputError, match="cannot be"):
        run().to(RunState.REFUSED)
    with pytest.raises(InputError, match="cannot go"):
        Act("a", "a", ActState.DONE).to(ActState.BEGUN)
    assert set(TRANSITIONS) == set(RunState)
    assert set(ACTS) == set(ActState)


def test_a_word_on_what_needs_none_is_refused() -> None:
    here, _ = played(run(), done({"rows": ROWS}))
    with pytest.raises(InputError, match="nothing to decide"):
        decided(here, "orders", ActState.DONE)
    with pytest.raises(InputError, match="its acts: orders"):
        decided(here, "other", ActState.DONE)
    with pytest.raises(InputError, match="none yet"):
        decided(run(), "other", ActState.DONE)
    assert resumed(here) is here
    assert here.session == f"blueprint-{'a' * 32}"
