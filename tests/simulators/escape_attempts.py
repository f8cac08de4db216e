"""What a command tries that wants out: `python escape_attempts.py ATTEMPT WORD...`. Prints ESCAPED where it came about.

Each attempt is bounded by itself: on a machine where nothing holds it, it harms nothing. It imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
UMOUNT_DETACH = 2
NEW_USER_AND_MOUNTS = 0x10000000 | 0x00020000
NEW_MOUNTS = 0x00020000

_LIBC = ctypes.CDLL(None, use_errno=True)


def escaped(what: object = "") -> None:
    print("ESCAPED", what)


def write(path: str) -> None:
    Path(path).write_text("x")
    escaped(path)


def write_by_symlink(folder: str) -> None:
    Path("way").symlink_to(folder)
    write("way/by-symlink")


def write_by_proc_root(folder: str) -> None:
    write(f"/proc/self/root{folder}/by-proc-root")


def write_by_hard_link(path: str) -> None:
    os.link(path, "linked")
    write("linked")


def append(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("x")
    escaped(path)


def change_mode(path: str) -> None:
    Path(path).chmod(0o4777)
    escaped(path)


def change_times(path: str) -> None:
    os.utime(path, (0, 0))
    escaped(path)


def remove(path: str) -> None:
    Path(path).unlink()
    escaped(path)


def read(path: str) -> None:
    content = Path(path).read_bytes()
    if not content:
        raise SystemExit("empty")
    escaped(len(content))


def read_link(path: str) -> None:
    escaped(path + " -> " + str(Path(path).readlink()))


def read_memory(pid: str) -> None:
    with Path(f"/proc/{pid}/maps").open() as maps:
        begin = int(maps.readline().split("-")[0], 16)
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        memory.seek(begin)
        escaped(len(memory.read(64)))


def trace(pid: str) -> None:
    done = _LIBC.ptrace(PTRACE_SEIZE, int(pid), None, None)
    if done == 0:
        escaped("attached")
    raise SystemExit(os.strerror(ctypes.get_errno()))


def signal_edge(pid: str) -> None:
    os.kill(int(pid), 0)
    escaped("signal delivered")


def connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
    escaped(path)


def connect_abstract(name: str) -> None:
    connect("\0" + name)


def listen_in() -> None:
    """Hear what the edge and its clients say to each other on this machine."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)):
        escaped("a packet socket")


def move_away(home: str) -> None:
    """Leave nothing where the edge's folder is covered, so that the next command finds it elsewhere."""
    above, moved = Path(home).parent, Path(home).parent.with_name("moved")
    above.rename(moved)
    moved.rename(above)
    escaped("moved")


def uncover(path: str) -> None:
    if _LIBC.umount2(path.encode(), UMOUNT_DETACH) == 0:
        escaped("uncovered")
    read(f"{path}/vault.db")


def uncover_as_root_of_a_namespace(path: str) -> None:
    if _LIBC.unshare(NEW_USER_AND_MOUNTS) != 0:
        raise SystemExit(os.strerror(ctypes.get_errno()))
    uncover(path)


def enter_namespace_of(pid: str) -> None:
    descriptor = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    if _LIBC.setns(descriptor, NEW_MOUNTS) == 0:
        escaped("in the machine's own namespace")


def read_disk() -> None:
    for device in sorted(Path("/dev").iterdir()):
        if device.is_block_device():
            with device.open("rb") as disk:
                escaped(f"{device} {len(disk.read(16))}")
    os.mknod("disk", 0o600 | 0o060000, os.makedev(*map(int, _first_disk().split(":"))))
    escaped("a device of one's own")


def _first_disk() -> str:
    for device in Path("/sys/block").iterdir():
        return (device / "dev").read_text()
    return "7:0"


def leave_group() -> None:
    for group in Path("/proc/self/cgroup").read_text().splitlines():
        number, names, path = group.split(":", 2)
        if "pids" in names.split(",") and "safety-" in path:
            Path("/sys/fs/cgroup", names, "cgroup.procs").write_text("0")
            escaped(number)


def raise_limits() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    escaped("no bound on files")


def kernel_setting() -> None:
    with Path("/proc/sys/kernel/core_pattern").open("r+") as file:
        file.write(file.read())
    escaped("the machine's settings")


def daemon(mark: str) -> None:
    """Be gone twice over, with a session of one's own, and write a file a while later."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            time.sleep(1.5)
            Path(mark).write_text("x")
        os._exit(0)
    os.wait()
    print("left behind")


def fork_bomb(most: str) -> None:
    """Start processes that stay, up to so many."""
    count = 0
    try:
        while count < int(most):
            if os.fork() == 0:
                time.sleep(20)
                os._exit(0)
            count += 1
    finally:
        print(f"started {count}", flush=True)
    escaped(count)


def fill_memory(mib: str) -> None:
    held = []
    for _ in range(int(mib) // 8):
        held.append(bytearray(os.urandom(1)) * (8 * MIB))
    escaped(f"{len(held) * 8} MiB")


def fill_shared_memory(mib: str) -> None:
    with Path("/dev/shm/filling").open("wb") as file:
        for _ in range(int(mib)):
            file.write(b"x" * MIB)
    escaped(f"{mib} MiB")


def fill_disk(mib: str) -> None:
    with Path("filling").open("wb", buffering=0) as file:
        for _ in range(int(mib)):
            file.write(b"x" * MIB)
    escaped(f"{mib} MiB")


def fill_disk_plainly(mib: str) -> None:
    """As `fill_disk`, by a program that does not ask what the kernel says: the signal ends it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    fill_disk(mib)


def print_much(mib: str) -> None:
    line = b"x" * MIB
    for _ in range(int(mib)):
        os.write(1, line)
    Path("printed-all").write_text("x")


def open_many(most: str) -> None:
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(int(most))]
    escaped(len(held))


def dump_core(secret: str) -> None:
    del secret  # it is in the memory that would be dumped
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    os.abort()


def sleep() -> None:
    time.sleep(120)
    escaped()


ATTEMPTS: Final[dict[str, Callable[..., None]]] = {
    function.__name__: function
    for function in list(globals().values())
    if callable(function) and getattr(function, "__module__", "") == __name__ and not function.__name__.startswith("_")
}

if __name__ == "__main__":
    try:
        ATTEMPTS[sys.argv[1]](*sys.argv[2:])
    except (OSError, ValueError, MemoryError) as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        sys.exit(1)
