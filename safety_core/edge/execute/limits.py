"""What bounds one execution, whatever the plan says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

OUTPUT_BYTES: Final = 1024 * 1024
"""More than any model reads; the rest is dropped and the result says so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one execution.

    Attributes:
        output: bytes of output that are kept.
        environment: further variables for child processes, besides PATH, HOME and LANG.
        allow_hosts: host names that a request may reach though they lead to this machine or its network.
    """

    output: int = OUTPUT_BYTES
    environment: dict[str, str] = field(default_factory=dict)
    allow_hosts: frozenset[str] = frozenset()
