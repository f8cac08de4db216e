"""The edge on this machine: its processes, whose they are, and where it listens."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from safety_core.cli.edge_socket import ask_edge
from safety_core.edge.home import Home
from safety_core.errors import SafetyError
from safety_core.wire.reader import Reader

_COMMAND: Final = 4096
"""Bytes of a command line."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What is known of the edge on this machine. `ports`: where it listens; `trouble`: why no more is known."""

    pids: tuple[int, ...] = ()
    owner: int | None = None
    egress: int | None = None
    ports: tuple[int, ...] = ()
    trouble: str = ""


def find_edge(home: Home) -> Edge:
    """Look for the edge by its control socket, else among the processes."""
    owner = None
    with suppress(OSError):
        owner = home.path.stat().st_uid
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5.0)
            connection.connect(str(home.socket))
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError as error:
        return Edge(tuple(_running()), owner, trouble=f"{home.socket}: {error.strerror}")
    pid, owner, _ = struct.unpack("3i", raw)
    found = Edge((pid, *_children(pid)), owner)
    try:
        listeners = Reader(ask_edge(home.socket, "GET", "/v1/status"), "status").object("listeners")
        ports = tuple(port for port in listeners.whole().values() if isinstance(port, int))
        return replace(found, egress=listeners.integer("egress"), ports=ports)
    except SafetyError as error:
        return replace(found, trouble=str(error))


def _children(pid: int) -> tuple[int, ...]:
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return ()
    return tuple(int(word) for word in words)


def _running() -> list[int]:
    """Return the processes whose command line says that they are an edge."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            words = _words(folder / "cmdline") if folder.name.isdigit() else []
            if any(first.endswith(b"safety") and second == b"edge" for first, second in pairwise(words)):
                found.append(int(folder.name))
    return sorted(found)


def _words(path: Path) -> list[bytes]:
    """Return how a command line begins. A process may make its own as long as its memory."""
    with path.open("rb", buffering=0) as file:
        return file.read(_COMMAND).split(b"\0")
