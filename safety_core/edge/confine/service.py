"""The confinement of the child that serves a connected service: its code, names and certificates, and a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import safety_core
from safety_core.edge.confine.confinement import MIB, Confinement

CODE: Final = tuple(
    dict.fromkeys(
        str(path) for path in (sys.prefix, sys.exec_prefix, sys.base_prefix, Path(safety_core.__file__).parent.parent)
    )
)
"""Where Python, the packages and this program are."""

SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/nix/store", "/run/systemd/resolve", "/proc")
"""Libraries; how names are found; certificates; time zones."""


def of_services(*, readable: tuple[str, ...] = (), writable: tuple[str, ...] = ()) -> Confinement:
    """Return what such a child may do.

    Args:
        readable: further paths that this adapter reads, such as the program of an MCP server.
        writable: further paths that it writes, such as the folder of an SQLite database.
    """
    return Confinement(
        readable=(*CODE, *SYSTEM, *readable), writable=writable, memory=512 * MIB, processes=64, file_size=1024 * MIB
    )
