"""Recomputes a whole log and says where it contradicts itself, or what was signed.

What is found, with the number of the entry: changed, missing, moved from another place, cut off at the end, added
without a signature, and any kept hash that differs. Where somebody changed entries *and* every hash above them, only
signed checkpoints tell: the report then names the stretch since the last checkpoint that still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from safety_core.audit.checkpoint import Checkpoint
from safety_core.audit.tree import Hash, Place, completed_by, leaf_hash, root_of

Kept: TypeAlias = Callable[[Place], Hash | None]


@dataclass(frozen=True, slots=True, order=True)
class Contradiction:
    """Something in the log that cannot be as it is. `index`: the first entry concerned."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a log holds, and every contradiction in it, in the order of entries. A sound log has none."""

    size: int
    root: Hash
    contradictions: tuple[Contradiction, ...] = ()


def examine(
    entries: Iterable[tuple[int, bytes]],
    kept: Kept,
    kept_count: int,
    checkpoints: Sequence[Checkpoint],
    most: int | None = None,
) -> Report:
    """Examine a log in one pass, keeping O(log n) hashes in memory.

    Args:
        entries: (index, bytes), by growing index.
        kept: the hash that the log keeps for a place, or None.
        kept_count: how many hashes it keeps in all.
        checkpoints: what has been signed, verified by the caller.
        most: stop where so many contradictions are found, with the size and root that were come to; None: never. It
            bounds the memory that a log takes of which everything was changed.
    """
    changed: dict[int, Hash] = {}
    found: list[Contradiction] = []
    frontier: dict[Place, Hash] = {}
    roots = {0: root_of(0, frontier.__getitem__)}
    wanted = {checkpoint.size for checkpoint in checkpoints}
    size = 0
    for leaf in _leaves(entries, kept, changed, found):
        found.extend(_grow(frontier, size, leaf, kept, changed))
        size += 1
        if most is not None and len(changed) + len(found) >= most:
            found.extend(_explain(changed, kept))
            return Report(size, root_of(size, frontier.__getitem__), tuple(sorted(found)))
        if size in wanted:
            roots[size] = root_of(size, frontier.__getitem__)
    root = root_of(size, frontier.__getitem__)
    if kept_count > 2 * size - size.bit_count():
        found.append(Contradiction(size, "the log keeps hashes of entries that it does not hold"))
    found.extend(_explain(changed, kept))
    found.extend(_against(checkpoints, roots, size))
    return Report(size, root, tuple(sorted(found)))


def _leaves(
    entries: Iterable[tuple[int, bytes]], kept: Kept, changed: dict[int, Hash], found: list[Contradiction]
) -> Iterator[Hash]:
    """Yield the leaf hash of every index; for entries that are gone, the one that the log still keeps."""
    expected = 0
    for index, entry in entries:
        for missing in range(expected, index):
            found.append(Contradiction(missing, "the entry is missing"))
            yield kept(Place(0, missing)) or leaf_hash(b"")
        leaf = leaf_hash(entry)
        if leaf != kept(Place(0, index)):
            changed[index] = leaf
        yield leaf
        expected = index + 1


def _grow(
    frontier: dict[Place, Hash], index: int, leaf: Hash, kept: Kept, changed: dict[int, Hash]
) -> Iterator[Contradiction]:
    """Add a leaf to the frontier (the complete subtrees that have no parent yet); compare what it completes."""
    places = []
    for place, value in completed_by(index, leaf, frontier.__getitem__):
        frontier[place] = value
        places.append(place)
        first = place.number << place.level
        if place.level and value != kept(place) and not any(first <= number <= index for number in changed):
            yield Contradiction(first, f"the hash kept for entries {first} to {index} is not theirs")
    for below, _ in pairwise(places):
        del frontier[below], frontier[Place(below.level, below.number - 1)]


def _explain(changed: dict[int, Hash], kept: Kept) -> Iterator[Contradiction]:
    """Say of each changed entry whether it is another one that was moved."""
    homes = {kept(Place(0, index)): index for index in changed}
    for index, leaf in changed.items():
        home = homes.get(leaf)
        yield Contradiction(index, "the entry was changed" if home is None else f"entry {home} stands in its place")


def _against(checkpoints: Sequence[Checkpoint], roots: dict[int, Hash], size: int) -> Iterator[Contradiction]:
    """Compare with what was signed, from the smallest checkpoint to the largest."""
    sound = 0
    for signed in sorted(checkpoints, key=lambda checkpoint: checkpoint.size):
        if signed.size > size:
            yield Contradiction(size, f"entries {size} to {signed.size - 1} were cut off: {signed.size} are signed")
        elif roots[signed.size] == signed.root:
            sound = signed.size
        else:
            yield Contradiction(sound, f"entries {sound} to {signed.size - 1} are not those that were signed")
