"""uvicorn's protocol for one socket, with bounds on what costs its client nothing: pings, and fragments of a message.

Loaded late (`proxy.egress.websocket`).
"""

from __future__ import annotations

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

FRAGMENTS: Final = 1024
"""Of one message; clients send none, or a few. Empty ones count for nothing towards a message's size."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """Answers the latest ping of a client that reads nothing once it does read (RFC 6455, 5.5.3), and lets go of one
    whose message has too many pieces."""

    _owed = b""

    def handle_ping(self) -> None:
        """Answer, or keep the answer until the client takes more."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self._owed = b"".join(self.conn.data_to_send())

    def resume_writing(self) -> None:
        """Send what was kept."""
        super().resume_writing()
        owed, self._owed = self._owed, b""
        if owed and not self.transport.is_closing():
            self.transport.write(owed)

    async def send(self, message: Any) -> None:
        """Send what the application has to say. A socket that it has refused is over: uvicorn takes that for a mistake,
        and would log an error for each."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = self.close_sent = True

    def handle_cont(self, event: Frame) -> None:
        """Take one more piece of a message."""
        if len(self.frames) >= FRAGMENTS:
            self.frames = []
            self.transport.abort()
        elif not self.transport.is_closing():
            super().handle_cont(event)
