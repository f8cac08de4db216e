"""Namespaces (namespaces(7)): a child sees its own processes only, the edge's files not at all, and few devices.

Whoever is not root takes a user namespace first, in which nothing changes but that the rest is allowed.
"""

from __future__ import annotations

import os
import stat

from safety_core.edge.confine.kernel import call, mount, packed

NEW_MOUNTS = 0x00020000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PROCESSES = 0x20000000
NEW_NETWORK = 0x40000000
"""From linux/sched.h."""

RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
"""From linux/mount.h."""
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH, MOUNT_ATTR_RDONLY = 1, 4, 1
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
"""Numbers of system calls, the same on nearly every architecture, and their flags (linux/mount.h)."""
EMPTY = NOSUID | NODEV | NOEXEC

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
SHARED_MEMORY = "mode=1777,size=256m"


def enter(*, root: bool, network: bool) -> None:
    """Take namespaces of one's own; the next child is the first process of its own. Raises OSError.

    Args:
        root: this process may do so by itself.
        network: the machine's network stays; otherwise there is none.
    """
    user, group = os.geteuid(), os.getegid()
    flags = NEW_MOUNTS | NEW_IPC | NEW_PROCESSES | (0 if root else NEW_USER) | (0 if network else NEW_NETWORK)
    call("unshare", flags)
    if not root:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")


def arrange(hidden: list[str], writable: list[str], *, sealed: bool) -> None:
    """Cover what is hidden, and put few devices in the place of all. Raises OSError.

    Args:
        writable: what of it lies below a hidden path stays; what is above one, or above one of these, cannot be moved
            away with it.
        sealed: every other file system is read-only.
    """
    mount("none", "/", "", RECURSIVE | PRIVATE)
    for path in writable:
        if os.path.lexists(path):
            _pin(f"{path}/", writable)
    for path in hidden:
        if os.path.lexists(path) and not _planted(path, writable):
            _pin(path, writable)
            kept = [one for one in writable if one.startswith(path.rstrip("/") + "/") and os.path.isdir(one)]  # noqa: PTH112
            _hide(path, kept)
    if sealed and "/" not in writable:
        _seal([path for path in sorted(writable) if os.path.lexists(path)])
    _devices()


def _seal(writable: list[str]) -> None:
    """Make every mount read-only but those at and below these paths, the ones above first.

    Landlock bounds writing as well, but not who changes modes, owners and times (landlock(7), "Current limitations"):
    root's command could give any program the set-user-ID bit.
    """
    trees = [(path, _copied(path)) for path in writable]
    attributes = packed(MOUNT_ATTR_RDONLY, 8) + packed(0, 8) * 3
    call("syscall", MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes, len(attributes))
    for path, tree in trees:
        call("syscall", MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(path), MOVE_MOUNT_F_EMPTY_PATH)
        os.close(tree)


def _copied(path: str) -> int:
    """Return the mounts at and below a path, as they are now, not yet anywhere."""
    return call("syscall", OPEN_TREE, AT_FDCWD, os.fsencode(path), OPEN_TREE_CLONE | os.O_CLOEXEC | AT_RECURSIVE)


def show_own_processes() -> None:
    """Have /proc show the processes of this namespace; root's command changes nothing there, for root's are the
    machine's settings in it, such as what is started for a core dump. Raises OSError."""
    mount("proc", "/proc", "proc", EMPTY | (RDONLY if os.geteuid() == 0 else 0))


def real(paths: list[str]) -> list[str]:
    """Return those that lead to themselves. All did when the edge started: of another, a command has moved a folder
    above away, and left a link to where it wants to write."""
    return [path for path in paths if os.path.realpath(path) == path]


def _planted(path: str, writable: list[str]) -> bool:
    """Tell whether `path` is a link that a command has left, where nothing was when the edge started. Whatever it leads
    to, what is hidden is not there; and a link to nowhere is not to keep other commands from running."""
    return os.path.islink(path) and any(path.startswith(one.rstrip("/") + "/") for one in writable)  # noqa: PTH114


def _pin(path: str, writable: list[str]) -> None:
    """Keep the folders above `path` where they are: who renames one would uncover what is hidden there for the next
    child, or have it write, and the edge, where a link in that place leads."""
    parts = path.split("/")
    for count in range(2, len(parts)):
        above = "/".join(parts[:count])
        if any(above.startswith(one.rstrip("/") + "/") for one in writable):
            mount(above, above, "", BIND | RECURSIVE)  # a mount point is not renamed


def _hide(path: str, kept: list[str]) -> None:
    """Put an empty folder over a folder, nothing over anything else."""
    if not stat.S_ISDIR(os.stat(path).st_mode):  # noqa: PTH116 - pathlib takes longer than all of this
        mount("/dev/null", path, "", BIND)
        return
    held = [(one, os.open(one, os.O_PATH | os.O_CLOEXEC)) for one in kept]
    mount("tmpfs", path, "tmpfs", EMPTY, "mode=0755,size=64k")
    for one, descriptor in held:
        os.makedirs(one)  # noqa: PTH103
        mount(f"/proc/self/fd/{descriptor}", one, "", BIND | RECURSIVE)
        os.close(descriptor)
    mount("none", path, "", REMOUNT | BIND | RDONLY | EMPTY)


def _devices() -> None:
    """Put a /dev over the machine's, in which there is no disk and no memory."""
    held = [(name, os.open(f"/dev/{name}", os.O_PATH | os.O_CLOEXEC)) for name in DEVICES]
    mount("tmpfs", "/dev", "tmpfs", NOSUID | NOEXEC, "mode=0755,size=64k")
    for name, descriptor in held:
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))
        mount(f"/proc/self/fd/{descriptor}", f"/dev/{name}", "", BIND)
        os.close(descriptor)
    for name, target in LINKS.items():
        os.symlink(target, f"/dev/{name}")  # noqa: PTH211
    for name in ("pts", "shm"):
        os.mkdir(f"/dev/{name}")  # noqa: PTH102
    mount("devpts", "/dev/pts", "devpts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("tmpfs", "/dev/shm", "tmpfs", NOSUID | NODEV, SHARED_MEMORY)  # noqa: S108


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
