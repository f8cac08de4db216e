"""Who wins where two saw the same characters."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from safety_core.match.span import Span, settle
from safety_core.model.finding import FindingKind
from safety_core.model.secret import SecretName

REGISTERED, PATTERN, UNKNOWN = FindingKind.REGISTERED, FindingKind.PATTERN, FindingKind.UNKNOWN


def test_registered_wins_over_pattern_over_unknown() -> None:
    spans = [Span(UNKNOWN, "u", 0, 9), Span(PATTERN, "p", 0, 8), Span(REGISTERED, "r", 2, 5, SecretName("A"))]
    assert settle(spans) == [spans[2]]
    assert settle(spans[:2]) == [spans[1]]


def test_what_does_not_touch_stays_in_order() -> None:
    spans = [Span(UNKNOWN, "u", 9, 12), Span(PATTERN, "p", 5, 8), Span(REGISTERED, "r", 0, 5, SecretName("A"))]
    assert settle(spans) == spans[::-1]


def test_overlapping_of_one_kind_become_one_under_the_longer_name() -> None:
    short, long = Span(PATTERN, "short", 0, 4), Span(PATTERN, "long", 2, 9)
    assert settle([short, long]) == [Span(PATTERN, "long", 0, 9)]
    assert settle([Span(PATTERN, "first", 0, 4), Span(PATTERN, "same", 0, 4)]) == [Span(PATTERN, "first", 0, 4)]


KINDS = st.sampled_from([REGISTERED, PATTERN, UNKNOWN])
SPANS = st.lists(
    st.builds(lambda kind, at, size: Span(kind, "r", at, at + size), KINDS, st.integers(0, 30), st.integers(1, 9))
)


@given(SPANS)
def test_the_outcome_is_in_order_without_overlaps_and_keeps_every_registered_character(spans: list[Span]) -> None:
    settled = settle(spans)
    assert all(left.end <= right.start for left, right in pairwise(settled))
    kept = {at for span in settled if span.kind is REGISTERED for at in range(span.start, span.end)}
    assert kept == {at for span in spans if span.kind is REGISTERED for at in range(span.start, span.end)}
