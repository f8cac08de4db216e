"""The documents around a bundle, and the order in which they are put in place."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from safety_core.bundle.roles import in_order, next_root
from safety_core.bundle.signed import read_next_root, read_root
from safety_core.errors import UnderSignedError
from tests.simulators.repository import NOW, Repository, release, signer


def test_what_refers_to_something_comes_after_it() -> None:
    names = ["bundles/ab.tar.gz", "root/1.json", "targets/2.json", "snapshot/2.json", "timestamp.json"]
    assert all(in_order(given) == names for given in permutations(names))


def test_the_next_root_keeps_keys_that_are_not_at_hand() -> None:
    repository = Repository().publish()
    before = read_root(repository.root)
    raw = next_root(before, {}, repository.signers["root"], NOW + 1)
    after = read_next_root(raw, before)
    assert (after.version, after.roles, after.keys) == (2, before.roles, before.keys)
    assert after.expires > before.expires
    repository.files["root/2.json"] = raw
    assert repository.client().refresh().bundle.revision == "calm"


def test_the_next_root_names_new_keys_and_forgets_the_old() -> None:
    repository = Repository().publish()
    before, new = read_root(repository.root), tuple(signer(f"new {number}") for number in range(3))
    old = repository.signers["root"]
    repository.files["root/2.json"] = next_root(before, {"root": new, "targets": new}, old, NOW)
    after = read_next_root(repository.files["root/2.json"], before)
    names = [one.public_key.keyid for one in new]
    assert (after.roles["targets"].keyids, after.roles["targets"].threshold) == (names, 2)
    assert set(after.keys) == {*names, *after.roles["snapshot"].keyids, *after.roles["timestamp"].keyids}
    client = repository.client()
    with pytest.raises(UnderSignedError):
        client.refresh()
    repository.keys["targets"] = replace(repository.keys["targets"], signers=new)
    assert repository.publish(release("other")).client().refresh().bundle.revision == "other"


def test_the_next_root_needs_the_keys_of_the_one_before() -> None:
    before, new = read_root(Repository().root), tuple(signer(f"new {number}") for number in range(3))
    with pytest.raises(UnderSignedError):
        read_next_root(next_root(before, {"root": new}, (), NOW), before)
