"""The Merkle tree of RFC 6962, section 2.1, recomputed from the entries alone."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable


def leaf(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two trees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows by one entry at a time.

    Attributes:
        size: how many entries are in it.
        complete: the hash of each complete subtree, by level and number.
    """

    def __init__(self) -> None:
        self.size = 0
        self.complete: dict[tuple[int, int], bytes] = {}
        self._peaks: list[tuple[int, bytes]] = []  # complete subtrees of falling height, from the left

    def add(self, entry: bytes) -> None:
        """Append an entry."""
        level, value, number = 0, leaf(entry), self.size
        self.complete[level, number] = value
        while self._peaks and self._peaks[-1][0] == level:
            value = node(self._peaks.pop()[1], value)
            level, number = level + 1, number // 2
            self.complete[level, number] = value
        self._peaks.append((level, value))
        self.size += 1

    def root(self) -> bytes:
        """Return the root of what is in it now."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        value = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            value = node(left, value)
        return value


def roots(entries: Iterable[bytes], sizes: Collection[int]) -> tuple[Tree, dict[int, bytes]]:
    """Return the tree of all entries, and the root at each of these sizes."""
    tree, wanted = Tree(), set(sizes)
    found = {0: tree.root()}
    for entry in entries:
        tree.add(entry)
        if tree.size in wanted:
            found[tree.size] = tree.root()
    return tree, found
