"""Registered values, followed through pieces of text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import UnscannableError
from safety_core.match.openings import Openings
from safety_core.redact import watch as module
from safety_core.redact.watch import Watch

VALUES = ["akey1b2c", "key1", "k e y 2 z", "aaab", "baaa", "ab-ab-ab"]


def watched(pieces: list[str], *values: str) -> Watch:
    watch = Watch([Openings(values or VALUES)])
    for piece in pieces:
        watch.feed(piece)
    return watch


@pytest.mark.parametrize(
    ("text", "settled"),
    [("the key is", 10), ("the a", 4), ("the A", 4), ("the ak", 4), ("the akex", 8), ("the a K e", 4),
     ("the a    K e", 9), ("key1", 4), ("the key1", 8), ("k  e", 0), ("k    e", 6), ("k", 0), ("k  ", 0), ("k    ", 5),
     ("k\u200be\u200by", 0)],
)  # fmt: skip
def test_what_is_settled(text: str, settled: int) -> None:
    assert watched([text]).settled == settled
    assert watched([*text]).settled == settled


def test_where_values_stand() -> None:
    watch = watched(["an aKEY", "1b2c and", " key1, K-E-Y-2-Z!"])
    assert watch.spans == [(3, 11), (16, 20), (22, 31)]
    watch.forget(20)
    assert watch.spans == [(22, 31)]


def test_at_the_end_a_shorter_value_is_taken_for_what_it_is() -> None:
    watch = watched(["a key1"], "key1", "key1234")
    assert (watch.settled, watch.spans) == (2, [])
    watch.end()
    assert (watch.settled, watch.spans) == (6, [(2, 6)])


def test_two_indexes_are_one() -> None:
    watch = Watch([Openings(["first-1234"]), Openings(["second-1234", "first-1234-5"])])
    watch.feed("second1234 first1234")
    assert (watch.settled, watch.spans) == (11, [(0, 10), (11, 20)])
    watch.feed("6")
    assert watch.spans == [(0, 10), (11, 20)]


def test_values_that_overlap_are_one_span() -> None:
    assert watched(["xaaabaaa-"]).spans == [(1, 8)]
    assert watched(["ab" * 9, "!"]).spans == [(0, 18)]


def test_a_span_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 10)
    with pytest.raises(UnscannableError):
        watched(["ab" * 40])


@given(
    st.lists(st.sampled_from([*VALUES, *"abkey12z- \n"]), max_size=12).map("".join),
    st.lists(st.integers(0, 99), max_size=6),
)
def test_the_cuts_make_no_difference(text: str, places: list[int]) -> None:
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    one, other = watched([text]), watched([text[start:end] for start, end in pairwise(ends)])
    assert one.settled == other.settled
    one.end()
    other.end()
    assert one.spans == other.spans
