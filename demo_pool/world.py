"""A tenant's world, seen from inside: its own processes, its own loopback, and a root in which little lies.

The root is a tmpfs of a fixed size. Programs and Python's files are shown in it read-only; of the machine's /etc only
what programs need to start. There is no device but the harmless ones, no /sys, no home of anybody. What a tenant
writes is in memory, and is gone with its last process: nobody has to remember to delete it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from demo_pool import kernel
from safety_core.edge.shipped import shipped_folder

HOME: Final = "/tenant"
"""Where a tenant keeps what is its own."""

SNAPSHOT: Final = "/snapshot"
"""What every tenant starts from, read-only."""

PACKAGES: Final = ("safety_core", "proxy", "hub", "demo_pool")
PROGRAMS: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS: Final = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl", "/etc/localtime")
DEVICES: Final = ("null", "zero", "full", "random", "urandom")

_READ_ONLY: Final = kernel.RDONLY | kernel.NOSUID | kernel.NODEV
_PLAIN: Final = kernel.NOSUID | kernel.NODEV

_HOSTS: Final = "127.0.0.1 localhost\n::1 localhost\n"
_NAMES: Final = "passwd: files\ngroup: files\nhosts: files\n"


def build(at: str, snapshot: str, owner: tuple[int, int], megabytes: int) -> None:
    """Build the root at an empty folder `at` and go there. `owner`: whose the tenant's own folder is.

    Needs mount, process and network namespaces of its own. Raises UnavailableError, OSError.
    """
    kernel.keep_mounts_private()
    kernel.mount_new("tmpfs", at, _PLAIN, f"size={megabytes}m,nr_inodes=65536,mode=755")
    root = Path(at)
    for name in ("proc", "dev", "etc", "tmp", "run", "tenant"):
        (root / name).mkdir()
    for name in ("tmp", "run", "tenant"):
        os.chown(root / name, *owner)
    for path in _shown():
        _show(path, root)
    (root / "snapshot").mkdir()
    kernel.bind(snapshot, f"{at}{SNAPSHOT}", _READ_ONLY | kernel.NOEXEC)
    for name in DEVICES:
        (root / "dev" / name).touch()
        kernel.bind(f"/dev/{name}", f"{at}/dev/{name}", kernel.NOSUID | kernel.NOEXEC)
    _settings(root, owner)
    kernel.mount_new("proc", f"{at}/proc", _PLAIN | kernel.NOEXEC)
    kernel.make_root(at)
    kernel.loopback_up()


def _shown() -> Iterator[str]:
    """Yield what is shown of the machine: programs, and Python with these packages."""
    yield from PROGRAMS
    yield from SETTINGS
    folders = {sys.prefix, sys.base_prefix, str(shipped_folder())}
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        folders.update(found.submodule_search_locations or () if found else ())
    yield from sorted(folders)


def _show(path: str, root: Path) -> None:
    """Show one file or folder at the path that it has outside, unless a folder above it is there already."""
    inside = root / path.lstrip("/")
    if Path(path).is_symlink():
        inside.symlink_to(Path(path).readlink())
    elif Path(path).exists() and not inside.exists():
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.mkdir() if Path(path).is_dir() else inside.touch()
        kernel.bind(path, str(inside), _READ_ONLY)


def _settings(root: Path, owner: tuple[int, int]) -> None:
    uid, gid = owner
    (root / "etc/passwd").write_text(f"root:x:0:0::/:/bin/sh\ntenant:x:{uid}:{gid}::{HOME}:/bin/sh\n")
    (root / "etc/group").write_text(f"root:x:0:\ntenant:x:{gid}:\n")
    (root / "etc/hosts").write_text(_HOSTS)
    (root / "etc/nsswitch.conf").write_text(_NAMES)
    (root / "dev/shm").mkdir(mode=0o1777)
    os.chown(root / "dev/shm", *owner)
