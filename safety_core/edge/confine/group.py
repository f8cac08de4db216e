"""A control group for one child (cgroups(7)): how much memory and how many processes it has, with all that it starts.

Groups are made below the one that the edge is in, of the first version of cgroups or the second, where the edge may
write there: root may, and a service whose unit says `Delegate=yes`. Elsewhere there is none, and `layers` says so.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

PREFIX: Final = "safety-"
OWN: Final = 2
"""Processes in a group that are ours: the two that wait for the program."""
REMOVALS: Final = 200
REMOVAL_SECONDS: Final = 0.01
"""How often, and after how long, a group is removed again in which processes are still ending."""


@dataclass(frozen=True, slots=True)
class Parents:
    """Folders in which groups can be made; None where they cannot. In the second version both are the same."""

    memory: Path | None = None
    pids: Path | None = None
    unified: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One child's group: a folder, or one each for memory and processes."""

    memory: Path | None
    pids: Path | None

    @classmethod
    def create(cls, memory: int, processes: int, parents: Parents | None = None) -> Group:
        """Make a group with these bounds, as far as there can be one. Raises OSError."""
        parents = parents or find_parents()
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(6)}"
        group = cls(parents.memory and parents.memory / name, parents.pids and parents.pids / name)
        for folder in group.folders():
            folder.mkdir()
        try:
            group._bound(memory, processes, unified=parents.unified)
        except OSError:
            group._remove()
            raise
        return group

    def _bound(self, memory: int, processes: int, *, unified: bool) -> None:
        if self.pids:
            (self.pids / "pids.max").write_text(str(processes + OWN))
        if self.memory and unified:
            (self.memory / "memory.max").write_text(str(memory))
            with suppress(OSError):
                (self.memory / "memory.swap.max").write_text("0")
            (self.memory / "memory.oom.group").write_text("1")
        elif self.memory:
            (self.memory / "memory.limit_in_bytes").write_text(str(memory))
            with suppress(OSError):  # only where the kernel counts swap
                (self.memory / "memory.memsw.limit_in_bytes").write_text(str(memory))

    def folders(self) -> tuple[Path, ...]:
        """Return the folders, each once."""
        return tuple(dict.fromkeys(path for path in (self.memory, self.pids) if path))

    def joins(self) -> list[str]:
        """Return the files into which a process writes "0" to enter."""
        return [str(folder / "cgroup.procs") for folder in self.folders()]

    def hits(self) -> tuple[str, ...]:
        """Return which bounds were hit: "memory", "processes"."""
        found = []
        if self.memory and any(
            _number(self.memory / name, "oom_kill") for name in ("memory.events", "memory.oom_control")
        ):
            found.append("memory")
        if self.pids and _number(self.pids / "pids.events", "max"):
            found.append("processes")
        return tuple(found)

    def kill(self) -> None:
        """Kill every process in it; none can be started meanwhile."""
        with suppress(OSError):
            if self.pids:
                (self.pids / "pids.max").write_text("0")
        for folder in self.folders():
            try:
                (folder / "cgroup.kill").write_text("1")
            except OSError:
                _kill_each(folder)

    async def end(self) -> None:
        """Kill what is in it, and remove it. Idempotent."""
        for _ in range(REMOVALS):
            if self._remove():
                return
            self.kill()
            await asyncio.sleep(REMOVAL_SECONDS)

    def _remove(self) -> bool:
        for folder in self.folders():
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                return False
        return True


@cache
def find_parents() -> Parents:
    """Return where groups can be made, found by making one; those that an edge left which was killed are removed, and
    what still runs in them is killed."""
    places = _places(Path("/proc/self/cgroup"), Path("/proc/self/mountinfo"))
    memory, pids = places.get("memory"), places.get("pids")
    unified = places.get("") if memory is None and pids is None else None
    if unified is not None:
        unified = delegated(unified)
    found = Parents(unified, unified, unified=True) if unified else Parents(_writable(memory), _writable(pids))
    for folder in {found.memory, found.pids} - {None}:
        _tidy(folder)
    return found


def delegated(own: Path) -> Path | None:
    """Return the folder of the second version in which groups with bounds can be made, None where there is none.

    A group that holds processes hands no controllers on. So where the edge's own is delegated to it by systemd (it says
    so by an attribute), the processes in there move one down. Otherwise the one above is taken, if it may be.
    """
    with suppress(OSError):
        if os.getxattr(own, "user.delegate") == b"1" and _hand_on(own):
            return own
    above = own.parent
    with suppress(OSError):
        if {"memory", "pids"} <= set((above / "cgroup.subtree_control").read_text().split()):
            return _writable(above)
    return None


def _hand_on(own: Path) -> bool:
    below = own / "edge"
    below.mkdir(exist_ok=True)
    for pid in (own / "cgroup.procs").read_text().split():
        (below / "cgroup.procs").write_text(pid)
    (own / "cgroup.subtree_control").write_text("+memory +pids")
    return True


def _places(groups: Path, mounts: Path) -> dict[str, Path]:
    """Return controller -> folder of this process's own group; "" for the second version of cgroups."""
    found: dict[str, Path] = {}
    try:
        lines = [line.split(":", 2) for line in groups.read_text().splitlines()]
        own = {name: path for _, names, path in lines for name in names.split(",")}
        for line in mounts.read_text().splitlines():
            before, _, after = line.partition(" - ")
            (root, place), (kind, _, options) = before.split()[3:5], after.split(" ", 2)
            for name in {"cgroup2": [""], "cgroup": options.split(",")}.get(kind, []):
                path, root = own.get(name), root.rstrip("/")
                if path is not None and f"{path}/".startswith(f"{root}/"):
                    found[name] = Path(place, path[len(root) :].lstrip("/"))
    except (OSError, ValueError):
        return {}
    return found


def _writable(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    trial = folder / f"{PREFIX}{os.getpid()}-trial"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return None
    return folder


def _tidy(folder: Path | None) -> None:
    for old in folder.glob(f"{PREFIX}*-*") if folder else ():
        pid = old.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            for _ in range(REMOVALS):
                killed = _kill_each(old)
                if Group(old, None)._remove() or not killed:
                    break
                time.sleep(REMOVAL_SECONDS)


def _kill_each(folder: Path) -> bool:
    """Kill one by one, where the kernel has no file for it, and tell whether there was any. Those of another namespace
    of processes, which all have the number 0 here, are another edge's."""
    with suppress(OSError):
        pids = [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        for pid in filter(None, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return any(pids)
    return False


def _number(path: Path, name: str) -> int:
    """Return the number behind a name in one of the kernel's tables, 0 where it is not there."""
    with suppress(OSError):
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return 0
