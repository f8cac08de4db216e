"""What an edge counts comes through however often it is told, and why a policy was refused is one word."""

from __future__ import annotations

import pytest

from safety_core.errors import (
    BundleError,
    FreezeError,
    GrantError,
    PolicyError,
    RollbackError,
    SafetyError,
    UnavailableError,
    UnderSignedError,
)
from safety_core.wire.activity import Activity, Count, Trouble, trouble_of


def test_sums_are_told_so_that_a_lost_or_repeated_beat_changes_nothing() -> None:
    first = Activity(10.0, {Count.CALLS: 5, Count.DENIED: 1})
    later = Activity(10.0, {Count.CALLS: 9, Count.DENIED: 1, Count.FAILED: 2})
    assert later.after(first) == {Count.CALLS: 4, Count.DENIED: 0, Count.FAILED: 2}
    assert later.after(later) == {Count.CALLS: 0, Count.DENIED: 0, Count.FAILED: 0}
    assert first.after(None) == {Count.CALLS: 5, Count.DENIED: 1}


def test_an_edge_that_began_anew_counts_from_zero_and_nothing_is_ever_negative() -> None:
    before = Activity(10.0, {Count.CALLS: 5})
    assert Activity(20.0, {Count.CALLS: 2}).after(before) == {Count.CALLS: 2}
    assert Activity(10.0, {Count.CALLS: 2}).after(before) == {Count.CALLS: 0}


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (RollbackError, Trouble.ROLLBACK),
        (FreezeError, Trouble.FREEZE),
        (UnderSignedError, Trouble.UNDER_SIGNED),
        (BundleError, Trouble.BUNDLE),
        (PolicyError, Trouble.POLICY),
        (UnavailableError, Trouble.UNAVAILABLE),
        (GrantError, Trouble.OTHER),
    ],
)
def test_trouble_is_told_by_its_kind_alone(kind: type[SafetyError], word: Trouble) -> None:
    assert trouble_of(kind("bundle", "holds a secret")) is word


def test_no_trouble_is_no_word() -> None:
    assert trouble_of(None) is Trouble.NONE
