"""What Linux offers for worlds of their own and Python 3.11 does not: namespaces, mounts, a death signal.

Each function is one system call, and raises `UnavailableError` with what helps where the kernel refuses.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from safety_core.edge.confine.kernel import call, mount, prctl
from safety_core.errors import UnavailableError

NEWNS: Final = 0x00020000
NEWCGROUP: Final = 0x02000000
NEWUTS: Final = 0x04000000
NEWIPC: Final = 0x08000000
NEWUSER: Final = 0x10000000
NEWPID: Final = 0x20000000
NEWNET: Final = 0x40000000
"""Namespaces (linux/sched.h)."""

NOSUID: Final = 0x2
NODEV: Final = 0x4
NOEXEC: Final = 0x8
RDONLY: Final = 0x1
"""Flags of a mount; those of mount(2) and of mount_setattr(2) are the same numbers."""

_BIND_ALL: Final = 0x1000 | 0x4000  # MS_BIND | MS_REC
_PRIVATE_ALL: Final = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC
_DETACH: Final = 0x2  # MNT_DETACH
_MOUNT_SETATTR: Final = 442  # the same number on every architecture
_HERE: Final = -100  # AT_FDCWD
_RECURSIVE: Final = 0x8000  # AT_RECURSIVE
_PDEATHSIG: Final = 1
_NO_NEW_PRIVS: Final = 38
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1

_FIX: Final = (
    "run the pool as root, or let users make namespaces (sysctl user.max_user_namespaces), outside of a container"
)


def unshare(kinds: int) -> None:
    """Leave the namespaces of these kinds for new ones. For processes, the next child is the first in its own."""
    with _told("namespaces of its own"):
        call("unshare", kinds)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends, however it ends."""
    with _told("the signal of a parent's death"):
        prctl(_PDEATHSIG, signal.SIGKILL)


def no_new_privileges() -> None:
    """From here on no program that is executed gains anything: no set-uid, no file capabilities."""
    with _told("no_new_privs"):
        call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)


def keep_mounts_private() -> None:
    """Nothing that is mounted from here on is seen elsewhere."""
    with _told("private mounts"):
        mount("none", "/", "", _PRIVATE_ALL)


def mount_new(kind: str, target: str, flags: int, options: str = "") -> None:
    """Mount a new file system of this kind."""
    with _told(f"a {kind} at {target}"):
        mount(kind, target, kind, flags, options)


def bind(source: str, target: str, flags: int) -> None:
    """Show `source`, and what is mounted in it, at `target` as well; `flags` are added to those that it has."""
    with _told(f"{source} at {target}"):
        mount(source, target, "", _BIND_ALL)
        attributes = struct.pack("QQQQ", flags, 0, 0, 0)
        call("syscall", _MOUNT_SETATTR, _HERE, target.encode(), _RECURSIVE, attributes, len(attributes))


def make_root(folder: str) -> None:
    """Make `folder`, a mount, the root, and let go of the one before: no path leads there any more."""
    os.chdir(folder)
    with _told("a root of its own"):
        call("pivot_root", b".", b".")
        call("umount2", b".", _DETACH)
    os.chdir("/")


def loopback_up() -> None:
    """Switch on `lo`, the only device that a new network namespace has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(asking, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(asking, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            "demo tenant", f"does not get {what} from this machine ({error.strerror})", _FIX
        ) from error
