"""`python -m demo_pool.spawn`: goes into new namespaces, and becomes the first process of a tenant there.

The pool starts it with one line of JSON on its standard input (an `Order`). It prints {"pid": N} for the tenant's first
process, waits for its end, and leaves. Both die with the pool, by the kernel's hand: a tenant without a pool does not
exist. Run by root, a tenant is a user of its own that has no name, no file and no privilege on this machine; run by an
ordinary user, it is that user in a user namespace without privileges.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from demo_pool import families, kernel, world
from safety_core.errors import SafetyError

INSIDE_UID: Final = 1000
"""Who an ordinary user is inside."""

NICE: Final = 5
"""Tenants stand back behind the front, which everybody waits for."""

FILES: Final = 8192
"""Descriptors of one process."""

_WORLD: Final = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWCGROUP


@dataclass(frozen=True, slots=True)
class Order:
    """What a new tenant is told.

    Attributes:
        origin: where browsers find its hub.
        control: descriptor on which the pool passes connections; its end is the tenant's end.
        seconds: after which it ends by itself, whatever the pool does.
        uid: as whom it runs where the pool is root.
        megabytes: of its files, all in memory.
        groups: folders of control groups to enter.
        root: an empty folder, over which its root is mounted.
        snapshot: what it starts from.
        trial: end where a tenant would begin: to see whether this machine lets one live.
    """

    origin: str
    control: int
    seconds: int
    uid: int
    megabytes: int
    groups: tuple[str, ...]
    root: str
    snapshot: str
    trial: bool = False

    def line(self) -> bytes:
        """Return it as the line that `spawn` reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> None:
    """Become two processes: the tenant's first, and the one that waits for it. What fails is one line on stderr."""
    try:
        _main()
    except (SafetyError, OSError) as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)


def _main() -> None:
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    os.umask(0o022)
    os.nice(NICE)
    for group in order["groups"]:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    owner = _leave(order["uid"])
    kernel.die_with_parent()  # not before: a process that changes who it is loses it
    child = os.fork()
    if not child:
        _become_first(order, owner)
    os.close(order["control"])
    print(json.dumps({"pid": child}), flush=True)
    os.close(sys.stdout.fileno())
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _leave(uid: int) -> tuple[int, int]:
    """Leave the machine's namespaces; return whose the tenant's files will be, as seen from inside."""
    me, group = os.geteuid(), os.getegid()
    if me == 0:
        kernel.unshare(_WORLD)
        return uid, uid
    kernel.unshare(_WORLD | kernel.NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INSIDE_UID} {me} 1")
    Path("/proc/self/gid_map").write_text(f"{INSIDE_UID} {group} 1")
    return INSIDE_UID, INSIDE_UID


def _become_first(order: dict[str, Any], owner: tuple[int, int]) -> None:
    kernel.die_with_parent()
    world.build(order["root"], order["snapshot"], owner, order["megabytes"])
    socket.sethostname("tenant")
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(owner[1], owner[1], owner[1])
        os.setresuid(owner[0], owner[0], owner[0])
    kernel.no_new_privileges()
    families.hold()
    kernel.die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    if order["trial"]:
        os._exit(0)
    _hand_over({name: order[name] for name in ("origin", "control", "seconds")})
    environment = {
        "HOME": world.HOME,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    os.execve(sys.executable, [sys.executable, "-m", "demo_pool.tenant"], environment)  # noqa: S606 - no shell is wanted


def _hand_over(told: dict[str, Any]) -> None:
    """Put what the tenant is told where it reads it, and nobody who looks at command lines."""
    os.set_inheritable(told["control"], True)
    reading, writing = os.pipe()
    os.write(writing, json.dumps(told).encode() + b"\n")
    os.close(writing)
    os.dup2(reading, 0)


if __name__ == "__main__":
    main()
