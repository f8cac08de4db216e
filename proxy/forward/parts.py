"""What all connections of the forward proxy share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp
from uvicorn.server import ServerState

from proxy.forward.books import Books
from proxy.forward.dial import Dialer
from proxy.forward.leaves import Leaves
from proxy.forward.outward import Outward
from proxy.forward.permission import Permission
from proxy.forward.tunnel import PATIENCE, Patience
from proxy.room import Room
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId
from safety_core.redact.redactor import Redactor


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection, and of all.

    Attributes:
        head_seconds: until a connection's first request has come.
        handshake_seconds: of TLS that is ended here.
        body: bytes of one request's body, where the policy says nothing else.
        connections: at the same time.
        patience: of tunnels.
    """

    head_seconds: float = 10.0
    handshake_seconds: float = 10.0
    body: int = 32 * 1024 * 1024
    connections: int = 512
    patience: Patience = PATIENCE


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Parts:
    """What they share.

    Attributes:
        clients: sha256 (64 lower-case hexadecimal digits) of a client's token -> the agent it speaks for.
        redactor: returns the redactor that holds now, or raises a SafetyError.
        remember: keeps what a scanner found.
        egress: takes requests to LLM providers.
        connections: every client's, so that a shutdown ends them; state: what is being done for these.
    """

    clients: Mapping[str, AgentId]
    permission: Permission
    redactor: Callable[[], Awaitable[Redactor]]
    remember: Callable[[Mapping[SecretName, SecretValue]], Awaitable[None]]
    egress: ASGIApp
    books: Books
    leaves: Leaves
    dialer: Dialer
    outward: Outward
    limits: Limits = LIMITS
    connections: set[asyncio.Transport] = field(default_factory=set)
    state: ServerState = field(default_factory=ServerState)
    room: Room = field(default_factory=Room)

    def enter(self, transport: asyncio.Transport) -> None:
        """Count a connection."""
        self.connections.add(transport)
        self.books.open = len(self.connections)

    def leave(self, transport: asyncio.Transport) -> None:
        """Count it no longer."""
        self.connections.discard(transport)
        self.books.open = len(self.connections)
