"""What a change of policy would do to calls is counted by outcome, by level and by rule."""

from __future__ import annotations

from safety_core.bundle.source import compile_bundle
from safety_core.flow.compared import EXAMPLES, Difference, Judged, Tally, of_verdict, responsible, untold
from safety_core.model.facts import Facts
from safety_core.model.level import Level, Outcome
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Hit, Verdict
from tests.simulators.repository import SOURCES

LOW = Judged(Level.YELLOW, Outcome.ALLOW, "changes", ("changes something",))
HIGH = Judged(Level.RED, Outcome.ASK, "deletes", ("deletes something",))


def test_a_verdict_and_its_ruling_are_one_value() -> None:
    policy = compile_bundle(SOURCES, tenant="one")[1].policy
    call = ToolCall(CallId("1"), TenantId("one"), AgentId("main"), SessionId("s"), "exec", {})
    hits = (Hit("deletes", Level.RED, "deletes it"),)
    found = of_verdict(call, Verdict(Level.RED, "deletes", hits, Facts("exec", "main"), False, "r"), policy, 0.0)
    assert found == Judged(Level.RED, Outcome.DENY, "deletes", ("deletes it",))  # a floor


def test_what_cannot_be_judged_is_denied() -> None:
    found = untold("the engine broke off")
    assert (found.level, found.outcome) == (Level.YELLOW, Outcome.DENY)
    assert found.to_json()["error"] == "the engine broke off"
    assert "error" not in LOW.to_json()


def test_the_rule_that_makes_the_difference_is_the_one_that_judges_graver() -> None:
    assert responsible(LOW, HIGH) == "deletes"
    assert responsible(HIGH, LOW) == "deletes"


def test_calls_are_counted() -> None:
    tally = Tally()
    assert tally.add("1", "ls", LOW, LOW) is None
    assert tally.add("2", "rm a", LOW, HIGH) == Difference("2", "rm a", LOW, HIGH)
    tally.add("3", "rm b", HIGH, LOW)
    assert (tally.calls, tally.same, tally.differing, tally.stricter, tally.looser) == (3, 1, 2, 1, 1)
    assert tally.outcomes == {(Outcome.ALLOW, Outcome.ASK): 1, (Outcome.ASK, Outcome.ALLOW): 1}
    assert tally.to_json() == {
        "calls": 3,
        "same": 1,
        "stricter": 1,
        "looser": 1,
        "outcomes": [
            {"before": "allow", "after": "ask", "calls": 1},
            {"before": "ask", "after": "allow", "calls": 1},
        ],
        "levels": [
            {"before": "yellow", "after": "red", "calls": 1},
            {"before": "red", "after": "yellow", "calls": 1},
        ],
        "rules": {
            "deletes": {
                "calls": 2,
                "examples": [
                    {"id": "2", "call": "rm a", "before": LOW.to_json(), "after": HIGH.to_json()},
                    {"id": "3", "call": "rm b", "before": HIGH.to_json(), "after": LOW.to_json()},
                ],
            }
        },
    }


def test_a_level_may_change_without_the_outcome_and_the_other_way_round() -> None:
    tally = Tally()
    tally.add("1", "a", LOW, Judged(Level.GREEN, Outcome.ALLOW, "reads"))
    tally.add("2", "b", LOW, Judged(Level.YELLOW, Outcome.DENY, "changes"))
    assert (len(tally.levels), len(tally.outcomes)) == (1, 1)


def test_few_examples_are_kept_and_none_twice() -> None:
    tally = Tally()
    for number in range(EXAMPLES + 3):
        tally.add(str(number), f"rm {max(number, 1)}", LOW, HIGH)
    assert [one.shown for one in tally.by_rule["deletes"]] == ["rm 1", "rm 2", "rm 3"]
    assert tally.rule_counts["deletes"] == EXAMPLES + 3
