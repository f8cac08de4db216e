"""Charts lie within their frame, under a round number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.console.charts import BOTTOM, LEFT, TICKS, TOP, WIDTH, chart, figure


@pytest.mark.parametrize(
    ("value", "told"), [(0, "0"), (1.25, "1.25"), (12300, "12,300"), (4_500_000, "4.5 M"), (2e9, "2 G"), (0.01, "0.01")]
)
def test_figures(value: float, told: str) -> None:
    assert figure(value) == told


def test_nothing_to_show() -> None:
    drawn = chart([])
    assert drawn.marks == drawn.ticks == ()
    assert [words for _, words in drawn.lines] == ["0", "0.5", "1"]


def test_less_than_anybody_counts() -> None:
    assert [words for _, words in chart([("a", 5e-324)]).lines] == ["0", "0.5", "1"]


def test_the_largest_stands_under_a_round_number() -> None:
    assert [words for _, words in chart([("a", 37), ("b", 3)]).lines] == ["0", "25", "50"]


@given(st.lists(st.tuples(st.text(max_size=4), st.floats(0, 1e12)), max_size=60))
def test_all_lies_within_the_frame(points: list[tuple[str, float]]) -> None:
    drawn = chart(points)
    assert len(drawn.marks) == len(points)
    assert len(drawn.ticks) <= TICKS
    for mark in drawn.marks:
        assert LEFT <= mark.x <= WIDTH
        assert TOP - 0.1 <= mark.y <= BOTTOM + 0.1
