"""Memory that holds only so many things."""

from __future__ import annotations

from collections import OrderedDict

from proxy.newest import keep


def test_the_oldest_is_forgotten_and_what_is_told_again_is_new() -> None:
    known: OrderedDict[str, int] = OrderedDict()
    for number, name in enumerate("abac"):
        keep(known, name, number, 2)
    assert [*known.items()] == [("a", 2), ("c", 3)]
