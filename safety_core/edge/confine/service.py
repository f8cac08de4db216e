"""The confinement of the child that serves a connected service: its code, names and certificates, and a network."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import safety_core
from safety_core.edge.confine.confinement import MIB, SOCKETS, Confinement

CODE: Final = (sys.prefix, sys.exec_prefix, sys.base_prefix, str(Path(safety_core.__file__).parent.parent))
"""Where Python, the packages and this program are."""

SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/nix/store", "/run/systemd/resolve", "/proc")
"""Libraries; how names are found; certificates; time zones."""


def of_service(
    commands: Confinement | None, *, readable: Iterable[str] = (), writable: Iterable[str] = ()
) -> Confinement | None:
    """Return what such a child may do: None, as for commands, where nothing is to be confined.

    Args:
        commands: what agents' commands may do.
        readable: further paths that this connection reads, such as the certificate of its authority.
        writable: further paths that it writes, such as the folder of an SQLite database.
    """
    return commands and replace(
        commands,
        readable=_real((*CODE, *SYSTEM, *readable)),
        writable=_real(writable),
        hidden=_own(commands),
        memory=min(commands.memory, 512 * MIB),
        processes=min(commands.processes, 64),
        file_size=min(commands.file_size, 1024 * MIB),
        network=True,
    )


def _own(commands: Confinement) -> tuple[str, ...]:
    """Return what is hidden because it is the edge's: services of the machine are what an operator connects."""
    services = {os.path.realpath(path) for path in SOCKETS}
    return tuple(path for path in commands.hidden if path not in services)


def _real(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.realpath(path) for path in paths if path))
