"""Where a path lies. By components, never by prefix of text, and without asking the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Final

from safety_core.model.facts import Target, TargetKind, Zone

HOLE: Final = "\ufffc"
"""Stands for text that is known only when the command runs."""

GIVEN: Final = "\ufff9"
"""Stands for a name that another program hands over (`xargs`)."""

DEEPEST: Final = 64
"""Components of a path with patterns that are compared with names; deeper ones are taken for what they may be."""

LONGEST_NAME: Final = 255
"""Characters that a file system lets a name have."""

USER: Final = "/home/user"
"""Stands for the home of whoever runs the command, where a path leads out of it again (`~/../olga`)."""

_ORDINARY: Final = (".git",)
"""Beginnings that far more harmless names share than secret ones."""

_PROCESS: Final = frozenset({"environ", "mem", "fd", "root", "map_files", "cwd"})
"""What `/proc` shows of a process: its variables, memory and files, which may be those of another tenant."""


GLOB: Final = "*?["
"""What a shell may replace by names of files."""

FEWEST_LETTERS: Final = 2
"""Characters that a pattern must give away of a name before it is taken to mean it: `.s*`, `id*`, but not `*`."""


@dataclass(frozen=True, slots=True)
class Names:
    """Patterns for names of files: shell patterns for one component or, with slashes, for several in a row.

    In a row, "*" stands for one component of any name.

    Attributes:
        exact: names without wildcards.
        shaped: those with wildcards, as one expression.
        rows: several components, by their first.
    """

    exact: frozenset[str] = frozenset()
    shaped: re.Pattern[str] | None = None
    rows: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, patterns: Sequence[str]) -> Names:
        """Compile a list of patterns."""
        rows: dict[str, tuple[tuple[str, ...], ...]] = {}
        for row in (tuple(pattern.split("/")) for pattern in patterns if "/" in pattern):
            rows[row[0]] = (*rows.get(row[0], ()), row)
        single = [pattern for pattern in patterns if "/" not in pattern]
        shaped = [translate(pattern) for pattern in single if any(mark in pattern for mark in GLOB)]
        return cls(frozenset(single), re.compile("|".join(shaped)) if shaped else None, rows)

    def match(self, parts: Sequence[str]) -> bool:
        """Tell whether any component, or row of components, has one of these names."""
        if not self.exact.isdisjoint(parts):
            return True
        if self.shaped is not None and any(map(self.shaped.match, parts)):
            return True
        return any(
            len(parts) - start >= len(row)
            and all(name in {"*", part} for name, part in zip(row, parts[start:], strict=False))
            for start, first in enumerate(parts)
            for row in self.rows.get(first, ())
        )

    def reached(self, parts: Sequence[str]) -> bool:
        """Tell whether components that are patterns may stand for one of these names: `.s*`, `sh?dow`."""
        if len(parts) > DEEPEST:
            return True
        patterns = [_Wildcard(part) for part in parts]
        for pattern in patterns:
            if pattern.glob and pattern.letters >= FEWEST_LETTERS and any(map(pattern.means, self.exact)):
                return True
        return any(
            _row_reached(patterns[start:], row)
            for start in range(len(parts))
            for rows in self.rows.values()
            for row in rows
        )


class _Wildcard:
    """One component of a path, which may be a pattern."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.glob = any(mark in part for mark in GLOB) and len(part) <= LONGEST_NAME
        self._name = re.compile(translate(part.replace("[^", "[!"))) if self.glob else None
        known = re.sub(r"\[[^\]]*\]|[*?]", "", part)
        # what begins with a wildcard (`*.json`) says what sort of file it wants, not which; a dot is never a wildcard's
        self.letters = len(known) if not part.startswith("*") else 0

    def means(self, name: str) -> bool:
        """Tell whether the component may stand for `name`."""
        if self._name is None:
            return self.part == name
        if name.startswith(".") and not self.part.startswith("."):  # which no wildcard stands for
            return False
        return not self.part.startswith(_ORDINARY) and self._name.match(name) is not None


def _row_reached(patterns: Sequence[_Wildcard], row: Sequence[str]) -> bool:
    pairs = list(zip(patterns, row, strict=False))
    if len(pairs) < len(row) or not any(pattern.glob for pattern, _ in pairs):
        return False
    return sum(pattern.letters for pattern, _ in pairs) >= FEWEST_LETTERS and all(
        pattern.means(name) for pattern, name in pairs
    )


@dataclass(frozen=True, slots=True)
class PathRules:
    """The policy's lists (`paths` in the catalogue).

    Attributes:
        secret: names that hold secrets, or the gateway's own state.
        public: exceptions of `secret` (".env.example").
        guarded: names that run by themselves (start-up files, hooks, schedules): written like system files.
        top: first components of system folders ("etc").
        temporary: components of absolute folders whose content is disposable.
        harmless: devices that lose nothing ("/dev/null").
    """

    secret: Names = Names()
    public: Names = Names()
    guarded: Names = Names()
    top: frozenset[str] = frozenset()
    temporary: tuple[tuple[str, ...], ...] = ()
    harmless: frozenset[str] = frozenset()

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[str]]) -> PathRules:
        """Take the lists as the catalogue holds them; one that is absent is empty."""
        return cls(
            secret=Names.of(lists.get("secret", ())),
            public=Names.of(lists.get("public", ())),
            guarded=Names.of(lists.get("guarded", ())),
            top=frozenset(lists.get("top", ())),
            temporary=tuple(tuple(folder.split("/")) for folder in lists.get("temporary", ())),
            harmless=frozenset(lists.get("harmless", ())),
        )


def absolute(path: str, base: str) -> str:
    """Return `path` seen from `base`, with `.` and `..` resolved. A leading `~` or drive stays what it is."""
    if path == "~+" or path.startswith("~+/"):
        path = f".{path[2:]}"
    elif path == "~-" or path.startswith("~-/"):
        path = HOLE + path[2:]
    path = path.replace("\\", "/") if _drive(path) else path
    if not path.startswith(("/", "~", "\\\\")) and not _drive(path):
        path = f"{base}/{path}"
    head, *rest = path.split("/")
    done: list[str] = []
    for part in rest:
        if part == "..":
            if not done and head.startswith("~"):
                head, done = "", USER.split("/")[1:]
            done = done[:-1]
        elif part not in {"", "."}:
            done.append(part)
    return "/".join([head, *done]) or "/"


def _drive(path: str) -> bool:
    return path[1:3] in {":", ":\\", ":/"} and path[0].isalpha()


def path_target(path: str, base: str, workspace: str, rules: PathRules) -> Target:
    """Return the path as a target, in its absolute form, with its zone.

    Args:
        base: the directory it is relative to; "" or one with a `HOLE` where that is not known.
        workspace: absolute path of the agent's workspace.
    """
    whole = absolute(path, base)
    return Target(TargetKind.PATH, whole, _zone(whole, workspace, rules))


def _zone(path: str, workspace: str, rules: PathRules) -> Zone:
    if path in rules.harmless:
        return Zone.TEMPORARY
    parts = path.split("/")
    if _secret(parts, rules):
        return Zone.SENSITIVE
    if HOLE in path or GIVEN in path or "..\\" in path:
        return Zone.UNKNOWN
    if path.startswith("\\\\"):  # another machine, in the way of Windows
        return Zone.OUTSIDE
    if parts[:2] == ["", "dev"] and len(parts) > 2 and parts[2] not in {"shm", "fd"}:
        return Zone.DEVICE
    bare = _without_globs(parts)
    if inside(bare, workspace.split("/")):
        return Zone.SYSTEM if _named(rules.guarded, parts) else Zone.WORKSPACE
    if any(inside(bare, folder) for folder in rules.temporary):
        return Zone.TEMPORARY
    if _named(rules.guarded, parts):
        return Zone.SYSTEM
    return _far_zone(bare, rules)


def _secret(parts: Sequence[str], rules: PathRules) -> bool:
    if parts[:2] == ["", "proc"] and len(parts) > 3 and parts[3] in _PROCESS:
        return parts[2] != "self" or parts[3] not in {"fd", "cwd"}
    return _named(rules.secret, parts) and not rules.public.match(parts)


def _named(names: Names, parts: Sequence[str]) -> bool:
    """Tell whether components have one of these names, or mean it: by a pattern, or in another case (macOS)."""
    if names.match(parts):
        return True
    path = "/".join(parts)
    if any(mark in path for mark in GLOB) and names.reached(parts):
        return True
    if "\\" in path and names.match(re.split(r"[/\\]", path)):
        return True
    lower = path.lower()
    return lower != path and names.match(lower.split("/"))


def _far_zone(bare: Sequence[str], rules: PathRules) -> Zone:
    home = _home_depth(bare)
    if len(bare) <= max(1, home):
        return Zone.ROOT
    if home:
        return Zone.HOME
    if bare[0] == "" and (bare[1] in rules.top or bare[1].lower() in rules.top):
        return Zone.SYSTEM if len(bare) > 2 else Zone.ROOT
    if bare[0].endswith(":"):
        return Zone.SYSTEM
    return Zone.OUTSIDE


def _home_depth(parts: Sequence[str]) -> int:
    """How many components name a whole home: 1 for `~`, 2 for /root, 3 for /home/x, 0 for what lies in none."""
    if parts[0].startswith("~"):
        return 1
    second = parts[1] if len(parts) > 1 else ""
    return {"root": 2, "home": 3, "Users": 3}.get(second, 0) if parts[0] == "" else 0


def inside(parts: Sequence[str], folder: Sequence[str]) -> bool:
    """Tell whether the components `parts` lie in `folder`, or are it."""
    return len(folder) > 1 and list(parts[: len(folder)]) == [*folder]


def _without_globs(parts: Sequence[str]) -> list[str]:
    """Cut the path before its first pattern: `~/*` concerns the whole of `~`."""
    for index, part in enumerate(parts):
        if index and any(mark in part for mark in "*?["):
            return list(parts[:index])
    return [part for index, part in enumerate(parts) if part or index == 0]
