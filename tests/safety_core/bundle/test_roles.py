"""The documents around a bundle, and the order in which they are put in place."""

from __future__ import annotations

from itertools import permutations

from safety_core.bundle.roles import in_order


def test_what_refers_to_something_comes_after_it() -> None:
    names = ["bundles/ab.tar.gz", "root/1.json", "targets/2.json", "snapshot/2.json", "timestamp.json"]
    assert all(in_order(given) == names for given in permutations(names))
