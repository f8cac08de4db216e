"""Two configurations -> what differs, and how to take exactly that back."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from safety_core.canonical import Json, JsonObject
from safety_core.wire.reader import Reader


class Absent:
    """There is nothing at a path."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
Found: TypeAlias = "Json | Absent"


@dataclass(frozen=True, slots=True)
class Change:
    """One path whose value differs. An object that was made is a change of its own, from nothing to {}."""

    path: tuple[str, ...]
    before: Found
    after: Found

    @property
    def name(self) -> str:
        """Return the path as OpenClaw writes it."""
        return ".".join(self.path)


def changes(before: JsonObject, after: JsonObject) -> tuple[Change, ...]:
    """Return what makes `after` of `before`, in an order in which it can be done. Lists are compared as a whole."""
    return tuple(_changes(before, after, ()))


def _changes(before: Found, after: Found, path: tuple[str, ...]) -> Iterator[Change]:
    if isinstance(after, dict) and isinstance(before, dict | Absent):
        if isinstance(before, Absent):
            yield Change(path, ABSENT, {})
            before = {}
        for key in (*before, *(key for key in after if key not in before)):
            yield from _changes(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif not _same(before, after):
        yield Change(path, before, after)


def undone(
    current: JsonObject, made: Sequence[Change], own: tuple[str, ...] | None = None
) -> tuple[JsonObject, tuple[Change, ...]]:
    """Return `current` without the changes in `made`, and those that were left because somebody changed them since.

    Args:
        own: a path at and below which a change is taken back, whatever somebody has made of it since.
    """
    tree = copy.deepcopy(current)
    left: list[Change] = []
    for change in reversed(made):
        parent = _parent(tree, change.path)
        if parent is None:
            if not isinstance(change.before, Absent):
                left.append(change)
            continue
        key = change.path[-1]
        ours = own is not None and change.path[: len(own)] == own
        if not ours and not _same(parent.get(key, ABSENT), change.after):
            if change.after != {} and not _same(parent.get(key, ABSENT), change.before):
                left.append(change)
        elif isinstance(change.before, Absent):
            parent.pop(key, None)
        else:
            parent[key] = copy.deepcopy(change.before)
    return tree, tuple(reversed(left))


def _parent(tree: JsonObject, path: tuple[str, ...]) -> JsonObject | None:
    for name in path[:-1]:
        below = tree.get(name)
        if not isinstance(below, dict):
            return None
        tree = below
    return tree


def _same(one: Found, other: Found) -> bool:
    """Equal, and of one kind: to Python 0 is False and 1 is 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other


def to_json(made: Iterable[Change]) -> list[Json]:
    """Return the changes as JSON: {"path", "before"?, "after"?}."""
    return [
        {"path": [*change.path], **_side("before", change.before), **_side("after", change.after)} for change in made
    ]


def _side(name: str, value: Found) -> JsonObject:
    return {} if isinstance(value, Absent) else {name: value}


def from_json(entries: Iterable[Reader]) -> tuple[Change, ...]:
    """Return the changes that `to_json` wrote, or raise InputError."""
    return tuple(
        Change(
            entry.texts("path"),
            entry.json("before") if "before" in entry.keys() else ABSENT,  # noqa: SIM118 - a reader is no mapping
            entry.json("after") if "after" in entry.keys() else ABSENT,  # noqa: SIM118
        )
        for entry in entries
    )
