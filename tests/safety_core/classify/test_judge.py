"""The verdict: what the rules say, and what holds whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.classify.judge import verdict_of
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
    assert verdict.reasons == ("red", "yellow", "green")


def test_what_no_rule_knows_is_yellow() -> None:
    assert verdict_of(facts(Kind.READ), decision(), "r1").level is Level.YELLOW


def test_a_call_without_any_effect_is_not_green() -> None:
    assert verdict_of(facts(), decision(Level.GREEN), "r1").level is Level.YELLOW


def test_a_decision_under_another_policy_is_refused() -> None:
    with pytest.raises(PolicyError, match="another policy"):
        verdict_of(facts(Kind.READ), decision(Level.GREEN), "r2")


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
