"""What a child may do. A value: what holds a child to it is found by `layers` and done by `spawn`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safety_core.edge.home import Home

MIB: Final = 1024 * 1024
GIB: Final = 1024 * MIB

TEMPORARY: Final = ("/tmp", "/var/tmp")  # noqa: S108 - where commands keep things for a while

SOCKETS: Final = (
    "/run/docker.sock",
    "/run/containerd",
    "/run/podman",
    "/run/crio",
    "/run/cri-dockerd.sock",
    "/run/k3s",
    "/run/buildkit",
    "/run/libvirt",
    "/var/lib/lxd/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket",
    "/run/incus",
    "/var/lib/incus/unix.socket",
    "/run/dbus",
    "/run/systemd/private",
    "/run/systemd/io.systemd.Manager",
    "/run/systemd/machine",
    "/run/initctl",
    "/run/udev/control",
    "/run/snapd.socket",
    "/run/supervisor.sock",
    "/run/user",
    "/run/screen",
    "/tmp/.X11-unix",  # noqa: S108
    "/tmp/.ICE-unix",  # noqa: S108
)
"""Services that start a program for whoever asks, outside of any confinement: containers, systemd by its own socket and
by D-Bus, what reacts to devices, a user's own services, terminals that go on, a screen on which one can type."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one child, and everything that it starts, may do and use up.

    Attributes:
        readable: absolute paths below which files may be read and executed.
        writable: absolute paths below which files may be read, made, changed and removed as well.
        hidden: absolute paths that are not there for it, though a path above is readable; what of `writable` lies below
            one is.
        memory: bytes of all its processes together; of each, where there are no control groups.
        processes: at the same time, threads included.
        file_size: bytes that a file which it writes may have.
        open_files: descriptors of one process.
        cpu_seconds: of one process; None for no bound but the time that it has anyhow.
        network: False: no network, not even the machine's own.
    """

    readable: tuple[str, ...] = ("/",)
    writable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    memory: int = 2 * GIB
    processes: int = 512
    file_size: int = 4 * GIB
    open_files: int = 4096
    cpu_seconds: int | None = None
    network: bool = True


def of_commands(
    home: Home,
    workspace: str = "",
    *,
    writable: Iterable[str] = (),
    sockets: Iterable[str] = (),
    hidden: Iterable[Path] = (),
    environ: Mapping[str, str] | None = None,
) -> Confinement:
    """Return what agents' commands may do: read the machine but not the edge, write where they work.

    Args:
        home: the edge's folder: nothing of it is there for a command.
        workspace: where agents work; empty for nowhere.
        writable: further paths that commands write below.
        sockets: those of `SOCKETS` that commands may speak to all the same. Whoever speaks to one is not confined.
        hidden: further files of the edge, such as its control socket elsewhere than in its home.
    """
    environ = os.environ if environ is None else environ
    credentials = environ.get("CREDENTIALS_DIRECTORY", "")
    own = [str(home.path), *map(str, hidden), *([credentials] if credentials else [])]
    spoken_to = {os.path.realpath(path) for path in sockets}
    services = [path for path in sockets_here() if path not in spoken_to]
    written = [path for path in (workspace, *TEMPORARY, *writable) if path]
    return Confinement(
        writable=tuple(dict.fromkeys(os.path.realpath(path) for path in written)),
        hidden=tuple(dict.fromkeys([*map(os.path.realpath, own), *services])),
    )


def sockets_here() -> tuple[str, ...]:
    """Return where such services listen, links followed."""
    return tuple(map(os.path.realpath, [*SOCKETS, *_of_user()]))


def _of_user() -> tuple[str, ...]:
    """Return where this user's tmux and Emacs listen."""
    return f"/tmp/tmux-{os.geteuid()}", f"/tmp/emacs{os.geteuid()}"  # noqa: S108
