"""What a command ran into, in words behind its output: for the model that reads it, and the person who reads along."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Final

from safety_core.edge.confine.confinement import GIB, MIB, Confinement
from safety_core.edge.execute.limits import Limits

DENIALS: Final = ("Permission denied", "Operation not permitted", "Read-only file system")
"""What programs print when the kernel refuses them (strerror(3), in English)."""


def told(limits: Limits, hits: tuple[str, ...], status: int, printed: str, *, flooded: bool) -> str:
    """Return lines that say which bounds were hit; empty for none.

    Args:
        hits: of the control group, as `Confined.hits`.
        status: exit status, 128 + n for signal n.
        printed: what the command printed.
    """
    confinement = limits.confinement
    words = [f"ended, since it printed more than {size(limits.flood)}"] if flooded else []
    if confinement is not None:
        words += _hit(confinement, hits, status)
        if status and any(denial in printed for denial in DENIALS):
            places = ", ".join(confinement.writable)
            words.append(f"if it was this confinement that refused it: commands write in {places} and nowhere else")
    return "".join(f"[confined: {line}]\n" for line in words)


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{count / GIB:g} GiB" if count >= GIB else f"{count / MIB:g} MiB"


def _hit(confinement: Confinement, hits: tuple[str, ...], status: int) -> Iterator[str]:
    if "memory" in hits:
        yield f"killed for memory, since it used more than {size(confinement.memory)}"
    if "processes" in hits:
        yield f"refused further processes, since it had {confinement.processes}"
    if status == 128 + signal.SIGXFSZ:
        yield f"ended, since a file that it wrote grew past {size(confinement.file_size)}"
    if status == 128 + signal.SIGXCPU:
        yield f"ended, since it computed for {confinement.cpu_seconds} seconds"
