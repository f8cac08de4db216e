"""What a child gives up: capabilities, privileges by set-user-ID programs, signals that Python changed."""

from __future__ import annotations

import os

from safety_core.edge.confine.kernel import call, packed, prctl

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
"""From linux/prctl.h."""

KEPT = (0, 1, 3, 4, 5, 6, 7, 10)
"""What root's commands keep: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE. Not
DAC_READ_SEARCH (opens files past any mount), NET_RAW (hears what the edge and others send on this machine, tokens and
keys among it), SYS_ADMIN, SYS_PTRACE, MKNOD, SYS_RESOURCE (linux/capability.h)."""

SIGKILL, SIGPIPE, SIGXFSZ = 9, 13, 25
SIG_DFL = 0
"""From signal(7): the module `signal` brings enums, which take longer than all of this."""

CAPABILITY_VERSION = 0x20080522
FILTER = "/proc/self/coredump_filter"
OOM_SCORE = 500
"""Of 1000: a process of the machine has 0."""


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)


def keep_private() -> None:
    """Let nobody of the same user look into this process, which holds what the program is handed."""
    prctl(PR_SET_DUMPABLE, 0)


def give_up(*, root: bool) -> None:
    """Give up capabilities, for good.

    Args:
        root: the child stays the machine's root, and keeps what that is worth for files.
    """
    kept = KEPT if root else ()
    for number in range(64):
        if number not in kept and not _dropped(number):
            break
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    mask = sum(1 << number for number in kept)
    data = b"".join(packed(half, 4) * 2 + packed(0, 4) for half in (mask & 0xFFFFFFFF, mask >> 32))
    call("capset", packed(CAPABILITY_VERSION, 4) + packed(0, 4), data)


def _dropped(number: int) -> bool:
    """Take a capability from what any program that is run can have; False where there is none of that number."""
    try:
        return prctl(PR_CAPBSET_DROP, number) == 0
    except OSError:
        return False


def gain_nothing() -> None:
    """Let no program that is run raise privileges."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def go_first() -> None:
    """When the machine is short of memory, be ended before the edge is."""
    _tell("/proc/self/oom_score_adj", b"%d" % OOM_SCORE)


def dump_nothing() -> None:
    """Leave memory out of core dumps: those that are piped to a program know no limit of their size (core(5))."""
    if os.path.exists(FILTER):  # noqa: PTH110 - not where a kernel dumps none; pathlib takes longer than all of this
        _tell(FILTER, b"0")


def _tell(path: str, text: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text)
    finally:
        os.close(descriptor)


def restore_signals() -> None:
    """Undo what Python does to signals when it starts."""
    for number in (SIGPIPE, SIGXFSZ):
        call("signal", number, SIG_DFL)
