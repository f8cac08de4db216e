"""Merkle trees: against the published vectors, against the definition, and every proof against every false claim."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.audit.tree import (
    Hash,
    Place,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from safety_core.errors import AuditError

# The inputs and roots that the reference implementation of Certificate Transparency is tested with.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
OTHER = Hash(hashlib.sha256(b"other").digest())
sizes = st.integers(1, 40)


def tree_of(size: int) -> Tree:
    tree = Tree()
    for number in range(size):
        assert tree.append(b"entry %d" % number) == number
    return tree


def by_definition(entries: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(entries[:split]) + by_definition(entries[split:])).digest()


def test_published_roots() -> None:
    tree = Tree()
    assert tree.root().hex() == ROOTS[0]
    for entry, root in zip(INPUTS, ROOTS[1:], strict=True):
        tree.append(bytes.fromhex(entry))
        assert tree.root().hex() == root
    assert [root_of(size, tree.read).hex() for size in range(9)] == ROOTS


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=4), max_size=40))
def test_roots_are_those_of_the_definition(entries: list[bytes]) -> None:
    tree = Tree()
    for entry in entries:
        tree.append(entry)
    assert tree.root() == by_definition(entries)


@settings(max_examples=50)
@given(sizes, st.data())
def test_every_entry_is_proved_and_nothing_else(size: int, data: st.DataObject) -> None:
    tree = tree_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, tree.read)
    leaf = leaf_hash(b"entry %d" % index)
    verify_inclusion(index, size, leaf, proof, tree.root())
    claims = [
        (index, size, OTHER, proof, tree.root()),
        (index, size, leaf, proof, OTHER),
        (index, size, leaf, (*proof, OTHER), tree.root()),
        (size, size, leaf, proof, tree.root()),
        (-1, size, leaf, proof, tree.root()),
    ]
    if size > 1:
        claims.append(((index + 1) % size, size, leaf, proof, tree.root()))
        claims.append((index, size, leaf, proof[:-1], tree.root()))
    for claim in claims:
        with pytest.raises(AuditError, match="is not proved"):
            verify_inclusion(*claim)


@settings(max_examples=50)
@given(sizes, st.data())
def test_growth_is_proved_and_nothing_else(new: int, data: st.DataObject) -> None:
    tree = tree_of(new)
    old = data.draw(st.integers(0, new))
    before, after = root_of(old, tree.read), tree.root()
    proof = consistency_proof(old, new, tree.read)
    verify_consistency(old, new, before, after, proof)
    claims = [(old, new, before, after, (*proof, OTHER)), (new + 1, new, before, after, proof)]
    if old:
        claims += [(old, new, OTHER, after, proof), (old, new, before, OTHER, proof)]
    if 0 < old < new:
        claims += [(old, new, before, after, proof[:-1]), (old, new, before, after, ())]
        claims += [(old, new, before, after, (OTHER, *proof[1:]))]
    for claim in claims:
        with pytest.raises(AuditError, match="is not proved"):
            verify_consistency(*claim)


@settings(max_examples=50)
@given(sizes, sizes, st.data())
def test_a_rewritten_history_is_never_consistent(old: int, more: int, data: st.DataObject) -> None:
    honest = tree_of(old)
    victim = data.draw(st.integers(0, old - 1))
    forged = Tree()
    for number in range(old + more):
        forged.append(b"forged" if number == victim else b"entry %d" % number)
    proof = consistency_proof(old, old + more, forged.read)
    with pytest.raises(AuditError):
        verify_consistency(old, old + more, honest.root(), forged.root(), proof)


def test_what_is_not_there_is_not_proved() -> None:
    tree = tree_of(3)
    for index in (-1, 3):
        with pytest.raises(AuditError, match="is not in a log of 3"):
            inclusion_proof(index, 3, tree.read)
    for old in (-1, 4):
        with pytest.raises(AuditError, match="cannot contain"):
            consistency_proof(old, 3, tree.read)
    with pytest.raises(AuditError, match="hash 5/0"):
        tree.read(Place(5, 0))
