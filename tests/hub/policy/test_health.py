"""A release is halted for what it does, not for what chance or the weather does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.health import Counts, Health, harm, taken_up

USUAL = Counts(1000, 20, 10)


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (Health(Counts(100, 40, 1), USUAL, USUAL, placed=5), "40% of 100 calls denied, 2% before or elsewhere"),
        (Health(Counts(100, 2, 30), USUAL, USUAL, placed=5), "failed"),
        (Health(Counts(100, 60, 0), placed=5), "nothing to hold it against"),
        (Health(placed=5, troubled=1), "1 tenant that got it refused it"),
        (Health(placed=30, silent=4), "4 tenants that got it fell silent"),
        (Health(placed=1, silent=1), "fell silent"),
        (Health(Counts(100, 3, 1), USUAL, USUAL, placed=5), ""),
        (Health(Counts(100, 40, 1), USUAL, Counts(1000, 400, 10), placed=5), ""),  # others have it too: the weather
        (Health(Counts(100, 40, 1), Counts(1000, 380, 1), USUAL, placed=5), ""),  # as before
        (Health(Counts(19, 19, 19), USUAL, USUAL, placed=5), ""),  # too few to say
        (Health(Counts(20, 2, 0), USUAL, USUAL, placed=5), ""),  # two of twenty is chance
        (Health(placed=30, silent=3), ""),
        (Health(), ""),
    ],
)
def test_what_halts_a_release(health: Health, words: str) -> None:
    assert words in harm(health) if words else harm(health) == ""


@given(st.integers(20, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_a_release_that_changes_nothing_is_never_halted(calls: int, denied: float, failed: float) -> None:
    same = Counts(calls, int(calls * denied), int(calls * failed))
    assert harm(Health(same, same, same, placed=3)) == ""


@given(st.integers(20, 10_000), st.integers(0, 10_000))
def test_more_denials_never_speak_for_a_release(calls: int, denied: int) -> None:
    few, more = min(denied, calls), calls
    if harm(Health(Counts(calls, few, 0), USUAL, USUAL, placed=3)):
        assert harm(Health(Counts(calls, more, 0), USUAL, USUAL, placed=3))


def test_a_wave_is_taken_up_when_half_of_those_that_report_have_it() -> None:
    assert taken_up(Health(placed=10, running=2, alive=4))
    assert not taken_up(Health(placed=10, running=1, alive=4))
    assert not taken_up(Health(placed=10))
