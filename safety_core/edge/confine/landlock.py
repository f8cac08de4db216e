"""What may be read and written, by Landlock (landlock(7)): an allow-list of folders that a process cannot leave again.

A process held by it mounts nothing and looks into no process outside (ptrace, /proc/PID/mem, environ, fd, root); from
the sixth version of Landlock on it signals none and reaches no abstract socket there either.
"""

from __future__ import annotations

import os
import stat

from safety_core.edge.confine.kernel import (
    LANDLOCK_ADD_RULE,
    LANDLOCK_CREATE_RULESET,
    LANDLOCK_RESTRICT_SELF,
    call,
    packed,
)

READ = 1 << 0 | 1 << 2 | 1 << 3
"""Execute a file, read a file, read a folder."""
WRITE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 14
"""Write and truncate files; make and remove files, folders, sockets, pipes, links. Not devices."""
IOCTL = 1 << 15
OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | IOCTL
"""What a rule about a file, not a folder, may grant."""

HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Version of Landlock -> the accesses to files that it knows; later ones know those of the fifth."""
TCP = 1 << 0 | 1 << 1
"""Bind and connect, from the fourth version on."""
SCOPES = 1 << 0 | 1 << 1
"""Abstract sockets and signals, from the sixth version on."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm")
"""Below /dev, where the child has no /dev of its own."""


def version() -> int:
    """Return the version of Landlock that the kernel has, 0 for none."""
    try:
        return call("syscall", LANDLOCK_CREATE_RULESET, None, 0, 1)
    except OSError:
        return 0


def restrict(readable: list[str], writable: list[str], hidden: list[str], *, own_files: bool, network: bool) -> None:
    """Hold this process, and all that it will start, to these files, for good.

    Args:
        hidden: neither read nor written, though a path above is.
        own_files: hidden paths are covered by a mount, and /dev is the process's own.
    """
    known = version()
    handled = HANDLED[min(known, 5)]
    ruleset = _ruleset(known, handled, network=network)
    covered = [] if own_files else hidden
    for path in readable:
        for part in around(path, covered):
            _allow(ruleset, part, handled & READ)
    for path in writable:
        for part in around(path, covered):
            _allow(ruleset, part, handled & (READ | WRITE))
    for path in ["/dev"] if own_files else [f"/dev/{name}" for name in DEVICES]:
        _allow(ruleset, path, handled & (READ | WRITE | IOCTL))
    call("syscall", LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def around(path: str, hidden: list[str]) -> list[str]:
    """Return paths that together hold everything below `path` but what is hidden, as it is now."""
    if any(path == one or path.startswith(one.rstrip("/") + "/") for one in hidden):
        return []
    if not any(one.startswith(path.rstrip("/") + "/") for one in hidden):
        return [path]
    try:
        names = os.listdir(path)  # noqa: PTH208 - pathlib takes longer than all of this
    except OSError:
        return []
    return [part for name in names for part in around(f"{path.rstrip('/')}/{name}", hidden)]


def _ruleset(known: int, handled: int, *, network: bool) -> int:
    attributes = packed(handled, 8)
    if known >= 4:
        attributes += packed(0 if network else TCP, 8)
    if known >= 6:
        attributes += packed(SCOPES, 8)
    return call("syscall", LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: str, access: int) -> None:
    """Grant `access` below `path`; what is not there is granted to nobody."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISLNK(kind):
        granted = access if stat.S_ISDIR(kind) else access & OF_FILES
        call("syscall", LANDLOCK_ADD_RULE, ruleset, 1, packed(granted, 8) + packed(descriptor, 4), 0)
    os.close(descriptor)
