"""The memory of answers: exact, and never larger than it may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safety_core.model.memo import Memo


def test_the_least_used_is_forgotten_first() -> None:
    memo: Memo[str, int] = Memo(entries=2)
    memo.keep("a", 1, 1)
    memo.keep("b", 2, 1)
    assert memo.find("a") == 1
    memo.keep("c", 3, 1)
    assert (memo.find("a"), memo.find("b"), memo.find("c")) == (1, None, 3)
    memo.clear()
    assert len(memo) == 0


def test_what_is_large_makes_room_for_itself_or_is_not_kept() -> None:
    memo: Memo[int, int] = Memo(room=1000)
    for number in range(200):
        memo.keep(number, number, 10)
    assert len(memo) == 100
    memo.keep(500, 500, 11)
    assert memo.find(500) is None
    memo.keep(199, 7, 10)
    assert memo.find(199) == 7
    memo.keep(199, 8, 11)
    assert memo.find(199) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), max_size=60))
def test_it_answers_what_was_kept_last_or_nothing(steps: list[tuple[int, int]]) -> None:
    memo: Memo[int, int] = Memo(entries=4, room=2500)
    last: dict[int, int] = {}
    for key, size in steps:
        memo.keep(key, size, size)
        last[key] = size
        assert len(memo) <= 4
    assert all(memo.find(key) in {None, value} for key, value in last.items())
