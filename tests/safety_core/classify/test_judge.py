"""The verdict: what the rules say, and what holds whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.classify.judge import REASON_LIMIT, spoken, verdict_of
from safety_core.errors import PolicyError
from safety_core.model.facts import Action, Facts, Kind
from safety_core.model.level import Level
from safety_core.model.verdict import Decision, Hit

READS = Action(Kind.READ, "cat", "cat")


def facts(*kinds: Kind, unknown: tuple[str, ...] = ()) -> Facts:
    return Facts("exec", "main", tuple(Action(kind, "x", "x") for kind in kinds), unknown)


def decision(*levels: Level) -> Decision:
    return Decision(tuple(Hit(f"rule_{level.word}", level, level.word) for level in levels), "r1")


def test_the_gravest_hit_gives_level_and_rule() -> None:
    verdict = verdict_of(facts(Kind.READ), decision(Level.GREEN, Level.RED, Level.YELLOW), "r1")
    assert (verdict.level, verdict.rule) == (Level.RED, "rule_red")
    assert verdict.reasons == ("red", "yellow")
    assert [hit.level for hit in verdict.hits] == [Level.GREEN, Level.RED, Level.YELLOW]


def test_what_no_rule_knows_is_yellow() -> None:
    assert verdict_of(facts(Kind.READ), decision(), "r1").level is Level.YELLOW


def test_a_call_without_any_effect_is_not_green() -> None:
    assert verdict_of(facts(), decision(Level.GREEN), "r1").level is Level.YELLOW


def test_a_decision_under_another_policy_is_refused() -> None:
    with pytest.raises(PolicyError, match="another policy"):
        verdict_of(facts(Kind.READ), decision(Level.GREEN), "r2")


def test_what_the_rules_say_is_not_said_twice() -> None:
    assert [hit.rule for hit in verdict_of(facts(Kind.OUTWARD), decision(Level.RED), "r1").hits] == ["rule_red"]
    assert [hit.rule for hit in verdict_of(facts(Kind.OUTWARD), decision(Level.GREEN), "r1").hits] == [
        "rule_green",
        "unruled",
        "outward",
    ]


@pytest.mark.parametrize("unseen", ["\n", "\x1b", "\u202e", "\u2066", "\u200b", "\u2028", "\ue000", "\x00"])
def test_a_reason_shows_what_it_holds(unseen: str) -> None:
    hit = Hit("r", Level.RED, f"deletes files: a{unseen}txt.exe")
    verdict = verdict_of(facts(Kind.DESTROY, unknown=(f"b{unseen}",)), Decision((hit,), "r1"), "r1")
    assert verdict.reasons == ("deletes files: a\ufffdtxt.exe", "not understood: b\ufffd")


def test_a_reason_is_short() -> None:
    (hit,) = verdict_of(facts(Kind.DESTROY), Decision((Hit("r", Level.RED, "x" * 4000),), "r1"), "r1").hits
    assert len(hit.reason) == REASON_LIMIT
    assert hit.reason.endswith("…")
    assert spoken("x" * REASON_LIMIT) == "x" * REASON_LIMIT


@given(st.lists(st.sampled_from(Kind)), st.booleans(), st.lists(st.sampled_from(Level)))
def test_green_needs_a_call_that_only_reads_and_was_understood(
    kinds: list[Kind], understood: bool, levels: list[Level]
) -> None:
    made = facts(*kinds, unknown=() if understood else ("x",))
    verdict = verdict_of(made, decision(*levels), "r1")
    if verdict.level is Level.GREEN:
        assert understood
        assert set(kinds) == {Kind.READ}
    if Kind.OUTWARD in kinds:
        assert verdict.outward
        assert verdict.level >= Level.YELLOW_EXTERNAL
    assert verdict.level >= max(levels, default=Level.GREEN)
