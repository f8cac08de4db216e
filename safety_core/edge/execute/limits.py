"""What bounds one execution, whatever the plan says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from safety_core.edge.confine.confinement import Confinement, of_commands
from safety_core.edge.home import Home

OUTPUT_BYTES: Final = 1024 * 1024
"""More than any model reads; the rest is dropped and the result says so."""

FLOOD_BYTES: Final = 256 * OUTPUT_BYTES
"""Whoever prints more is ended: reading it, only to drop it, would keep the edge from its other work."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one execution.

    Attributes:
        output: bytes of output that are kept.
        flood: bytes of output after which the child is ended.
        environment: further variables for child processes, besides PATH, HOME and LANG.
        allow_hosts: host names that a request may reach though they lead to this machine or its network.
        confinement: of commands; None: they may do what the edge's user may.
        secrets_in_arguments: a program may be handed a secret as one of its arguments, where every user of the machine
            reads it in the list of processes.
    """

    output: int = OUTPUT_BYTES
    flood: int = FLOOD_BYTES
    environment: dict[str, str] = field(default_factory=dict)
    allow_hosts: frozenset[str] = frozenset()
    confinement: Confinement | None = field(default_factory=lambda: of_commands(Home.default()))
    secrets_in_arguments: bool = False
