"""Two connections and what passes between them, unread: after the client's first message has shown for which host it
is.

Each side is read only as fast as the other takes it, either may end its half first, and when one is gone the other
goes, too. A host that shares its addresses with others may still serve another one inside of TLS: only `how: intercept`
sees that.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, cast

from proxy.errors import ForwardRefusedError
from proxy.forward.hello import NotTlsError, server_name
from safety_core.errors import SafetyError

ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a tunnel is waited for.

    Attributes:
        hello: for the client's whole first message.
        idle: without a byte either way.
        ending: without a byte, once one side has ended its half.
        look: between two looks at these, and at whether the policy still lists the host.
    """

    hello: float = 10.0
    idle: float = 600.0
    ending: float = 60.0
    look: float = 5.0


PATIENCE: Final = Patience()


class _Side(asyncio.Protocol):
    """One of the two connections."""

    transport: asyncio.Transport
    peer: _Side

    def __init__(self, tunnel: Tunnel) -> None:
        self.tunnel = tunnel
        self.taken = 0
        self.ended = self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.tunnel.touched()
        self.taken += len(data)
        if not self.peer.transport.is_closing():
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        self.tunnel.touched()
        self.ended = True
        if not self.peer.transport.is_closing():
            with suppress(OSError, RuntimeError):
                self.peer.transport.write_eof()
        return not self.peer.ended

    def pause_writing(self) -> None:
        self.peer.reading(on=False)

    def resume_writing(self) -> None:
        self.peer.reading(on=True)

    def reading(self, *, on: bool) -> None:
        if not self.transport.is_closing():
            (self.transport.resume_reading if on else self.transport.pause_reading)()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.ended = True
        if exc is None:
            self.peer.transport.close()
        else:
            self.peer.transport.abort()
        self.tunnel.touched()


class _Client(_Side):
    """The client's side: what comes first is held until it is known for which host it is."""

    def __init__(self, tunnel: Tunnel) -> None:
        super().__init__(tunnel)
        self._held: bytes | None = b""

    @property
    def greeted(self) -> bool:
        """True once the first message has passed."""
        return self._held is None

    def data_received(self, data: bytes) -> None:
        if self._held is None:
            super().data_received(data)
        elif not self.tunnel.error:
            self._held += data
            self._hello(self._held)

    def eof_received(self) -> bool:
        if not self.greeted:
            self.tunnel.refuse(NotTlsError("the tunnel's first message", "never came"))
            return False
        return super().eof_received()

    def _hello(self, held: bytes) -> None:
        try:
            name = server_name(held)
            if name is None:
                return
            if name != self.tunnel.host:
                reason = f"asks for another server than {self.tunnel.host}"
                raise ForwardRefusedError(
                    "the tunnel's first message", reason, "open a tunnel to the host that is meant"
                )
        except SafetyError as error:
            self.tunnel.refuse(error)
            return
        self._held = None
        self.peer.reading(on=True)
        super().data_received(held)


class Tunnel:
    """One tunnel to `host`. `still` raises a SafetyError once it may no longer be."""

    def __init__(self, host: str, still: Callable[[], object], patience: Patience) -> None:
        self.host = host
        self.error: SafetyError | None = None
        self._still = still
        self._patience = patience
        self._client = _Client(self)
        self._server = _Side(self)
        self._client.peer, self._server.peer = self._server, self._client
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._last = self._began = self._loop.time()

    @property
    def counts(self) -> dict[str, int]:
        """Bytes that went to the server, and that came from it."""
        return {"sent": self._client.taken, "received": self._server.taken}

    async def run(self, transport: asyncio.Transport, connected: socket.socket) -> None:
        """Tell the client that the tunnel stands, and hold it until both sides are gone.

        Args:
            transport: the client's, not read at the moment.
            connected: the server's.
        """
        await self._loop.create_connection(lambda: self._server, sock=connected)
        self._server.transport.pause_reading()
        self._client.connection_made(transport)
        try:
            transport.set_protocol(self._client)
            transport.write(ESTABLISHED)
            transport.resume_reading()
            while not (self._client.lost and self._server.lost):
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience.look):
                        await self._changed.wait()
                        continue
                self._look()
        finally:
            self._abort()

    def touched(self) -> None:
        """Note that something passed, or that one side is gone."""
        self._last = self._loop.time()
        if self._client.lost or self._server.lost:
            self._changed.set()

    def refuse(self, error: SafetyError) -> None:
        """End it, for this reason."""
        self.error = self.error or error
        self._abort()

    def _look(self) -> None:
        try:
            self._still()
        except SafetyError as error:
            return self.refuse(error)
        now, half = self._loop.time(), self._client.ended or self._server.ended
        if not self._client.greeted and now - self._began > self._patience.hello:
            return self.refuse(NotTlsError("the tunnel's first message", "did not come in time"))
        if now - self._last > (self._patience.ending if half else self._patience.idle):
            return self._abort()
        return None

    def _abort(self) -> None:
        self._client.transport.abort()
        self._server.transport.abort()
