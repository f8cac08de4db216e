"""RFC 6962 Merkle trees over hashes that somebody else keeps.

Every complete subtree has a place: (level, number), where (0, n) is leaf n and (level + 1, n) covers (level, 2n) and
(level, 2n + 1). Appending a leaf completes subtrees whose hashes never change afterwards, so a log keeps exactly those
and every root and proof is made of O(log n) of them.

Verification (RFC 9162, 2.1.3.2 and 2.1.4.2) raises AuditError; left to its caller: where the roots come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, NewType, TypeAlias

from safety_core.errors import AuditError

Hash = NewType("Hash", bytes)
"""sha256, 32 bytes."""


class Place(NamedTuple):
    """Where a complete subtree lies: it covers the leaves [number << level, (number + 1) << level)."""

    level: int
    number: int


ReadHash: TypeAlias = Callable[[Place], Hash]
"""Returns the hash kept for a place; raises AuditError where there is none."""


def leaf_hash(entry: bytes) -> Hash:
    """Return the hash of one entry."""
    return Hash(hashlib.sha256(b"\x00" + entry).digest())


def node_hash(left: Hash, right: Hash) -> Hash:
    """Return the hash of two subtrees side by side."""
    return Hash(hashlib.sha256(b"\x01" + left + right).digest())


def completed_by(index: int, leaf: Hash, read: ReadHash) -> Iterator[tuple[Place, Hash]]:
    """Yield what becomes complete with leaf number `index`: the leaf, then each subtree it closes, upwards."""
    level, value = 0, leaf
    yield Place(level, index), value
    while index & 1:
        value = node_hash(read(Place(level, index - 1)), value)
        level, index = level + 1, index >> 1
        yield Place(level, index), value


def root_of(size: int, read: ReadHash) -> Hash:
    """Return the root of the tree of the first `size` leaves."""
    return _range(0, size, read) if size else Hash(hashlib.sha256(b"").digest())


def inclusion_proof(index: int, size: int, read: ReadHash) -> tuple[Hash, ...]:
    """Return the proof that leaf `index` is in the tree of the first `size` leaves. Raises AuditError if it is not."""
    if not 0 <= index < size:
        raise AuditError(f"entry {index}", f"is not in a log of {size}")
    return tuple(_path(index, 0, size, read))


def consistency_proof(old: int, new: int, read: ReadHash) -> tuple[Hash, ...]:
    """Return the proof that the tree of `new` leaves only adds to the tree of `old` leaves."""
    if not 0 <= old <= new:
        raise AuditError(f"log of {new}", f"cannot contain a log of {old}")
    return tuple(_subproof(old, 0, new, True, read)) if old else ()


def verify_inclusion(index: int, size: int, leaf: Hash, proof: Sequence[Hash], root: Hash) -> None:
    """Raise AuditError unless `proof` shows `leaf` as number `index` of the `size` leaves under `root`."""
    wrong = AuditError(f"entry {index}", f"is not proved to be in the log of {size}")
    if not 0 <= index < size:
        raise wrong
    first, last, value = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise wrong
        if first & 1 or first == last:
            value = node_hash(step, value)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            value = node_hash(value, step)
        first, last = first >> 1, last >> 1
    if last != 0 or value != root:
        raise wrong


def verify_consistency(old: int, new: int, old_root: Hash, new_root: Hash, proof: Sequence[Hash]) -> None:
    """Raise AuditError unless `proof` shows that the tree under `new_root` only adds to the one under `old_root`."""
    wrong = AuditError(f"log of {new}", f"is not proved to contain the log of {old}")
    if not 0 <= old <= new or (old == new and old_root != new_root) or (old in {0, new} and proof):
        raise wrong
    if old in {0, new}:
        return
    steps = ([old_root] if old & (old - 1) == 0 else []) + [*proof]
    if not steps:
        raise wrong
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise wrong
        if first & 1 or first == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, step)
        first, last = first >> 1, last >> 1
    if last != 0 or before != old_root or after != new_root:
        raise wrong


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(start: int, stop: int, read: ReadHash) -> Hash:
    size = stop - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(Place(level, start >> level))
    middle = start + _split(size)
    return node_hash(_range(start, middle, read), _range(middle, stop, read))


def _path(index: int, start: int, stop: int, read: ReadHash) -> list[Hash]:
    if stop - start == 1:
        return []
    middle = start + _split(stop - start)
    if index < middle:
        return [*_path(index, start, middle, read), _range(middle, stop, read)]
    return [*_path(index, middle, stop, read), _range(start, middle, read)]


def _subproof(old: int, start: int, stop: int, whole: bool, read: ReadHash) -> list[Hash]:
    if old == stop:
        return [] if whole else [_range(start, stop, read)]
    middle = start + _split(stop - start)
    if old <= middle:
        return [*_subproof(old, start, middle, whole, read), _range(middle, stop, read)]
    return [*_subproof(old, middle, stop, False, read), _range(start, middle, read)]


class Tree:
    """A tree in memory: the reference for every log that keeps its hashes elsewhere."""

    def __init__(self) -> None:
        self._hashes: dict[Place, Hash] = {}
        self.size = 0

    def append(self, entry: bytes) -> int:
        """Add an entry; return its index."""
        self._hashes.update(completed_by(self.size, leaf_hash(entry), self.read))
        self.size += 1
        return self.size - 1

    def read(self, place: Place) -> Hash:
        """Return the hash at a place."""
        if place not in self._hashes:
            raise AuditError(f"hash {place.level}/{place.number}", "is not in this tree")
        return self._hashes[place]

    def root(self) -> Hash:
        """Return the root of all entries."""
        return root_of(self.size, self.read)
