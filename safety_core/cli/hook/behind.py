"""What stands behind an installed hook: does the edge that it asks answer, and has it a policy?

A hook that asks nobody still blocks, so that trying it with a call that nobody may make does not tell the two apart.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from safety_core.cli.edge_socket import ask_edge
from safety_core.edge.home import Home
from safety_core.errors import SafetyError
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class Behind:
    """One edge that hooks ask.

    Attributes:
        told: how it stands, in words.
        judges: it answers, and goes by a trusted policy. Else it, or the hook for it, refuses every call.
    """

    socket: Path
    told: str
    judges: bool


def edges_behind(commands: Iterable[str]) -> tuple[Behind, ...]:
    """Ask each edge that these installed commands ask, once; none for those that judge alone."""
    sockets = dict.fromkeys(socket for command in commands if (socket := _socket(command)) is not None)
    return tuple(_asked(socket) for socket in sockets)


def _socket(command: str) -> Path | None:
    """Return the socket that a command asks; None: it judges alone."""
    try:
        words = shlex.split(command.replace("--socket=", "--socket "))
    except ValueError:
        words = command.split()
    if "--alone" in words:
        return None
    named = words[words.index("--socket") + 1 :] if "--socket" in words else []
    return Path(named[0]) if named else Home.default().socket


def _asked(socket: Path) -> Behind:
    try:
        policy = Reader(ask_edge(socket, "GET", "/v1/status"), "status").object("policy")
        state = policy.text("state")
    except SafetyError as error:
        return Behind(socket, str(error), judges=False)
    return Behind(socket, f"answers at {socket}, policy: {state}", judges=state == "in force")
