"""uvicorn's protocol behind a guard: the parser sees no byte of a request whose head has not been checked whole.

What is refused gets 400 with a reason, and the connection is closed: after bytes that could be read in two ways nobody
knows where the next request begins. A second request before the first has been answered (pipelining) counts as such.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from safety_core.edge.http.framing import Chunked, Counted, Framing
from safety_core.edge.http.head import END, HEAD_BYTES, BadRequestError, Head, check_part, read_head
from safety_core.errors import SafetyError, UnavailableError
from safety_core.wire.errors import error_to_json

HEAD_SECONDS: Final = 10.0
"""From a head's first byte to its last; a head is one packet, or two."""
CONNECTIONS: Final = 1024
"""At one listener at the same time: who opens more takes the descriptors of the others', and of the kill switch."""
LINGER_SECONDS: Final = 1.0
"""How long a refused client may go on sending, so that it reads why before the connection is reset."""

_log: Final = logging.getLogger(__name__)


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._held = b""
        self._body: Framing | None = None
        self._last = False
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; who says nothing at all is not waited for longer than an idle connection is kept."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if room := self.crowded():
            self._refuse(UnavailableError("this listener", f"has {room} connections, as many as it holds", "try again"))
        if len(self.connections) > self.most() * 2:  # those that are being refused, and too many even of these
            transport.abort()

    def most(self) -> int:
        """Return how many connections the listener holds at the same time."""
        return CONNECTIONS

    def crowded(self) -> int:
        """Return how many connections there may be, where this one is too many; else 0."""
        return self.most() if len(self.connections) > self.most() else 0

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Check what came, and hand it on."""
        if self._closing:
            return
        try:
            passed = self._checked(data)
        except BadRequestError as error:
            self._refuse(error)
            return
        if passed:
            super().data_received(passed)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. The parser leaves the spaces behind a value, which are not part of it (RFC 9112, 5.1)."""
        name = name.lower()
        if name == b"expect":
            self.expect_100_continue = True
        self.headers.append((name, value.rstrip(b" \t")))

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not take, although we did."""
        self._refuse(
            BadRequestError("the request", "cannot be read", "send one well-formed HTTP/1.1 request at a time")
        )

    def on_response_complete(self) -> None:
        """Go on to the next request, unless the answer was said to be the last one."""
        super().on_response_complete()
        if self._last:
            self._linger()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, but not one on which a head is just coming in: that has a time of its own."""
        if not self._held:
            super().timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, self._telling(cycle, app))

    def _telling(self, cycle: RequestResponseCycle, app: Any) -> Any:
        """Return the application, whose answer is the connection's last where it begins before the request has ended.

        Nobody waits for the rest of such a body. The client has to hear of it (RFC 9112, 9.6): else it sends its next
        request into a connection that is just being closed, and cannot know whether that one was carried out.
        """

        async def telling(scope: Any, receive: Any, send: Any) -> None:
            async def sending(message: Any) -> None:
                if message["type"] != "http.response.start" or self._body is None:
                    await send(message)
                    return
                self._last = True
                await send({**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]})
                cycle.keep_alive = True  # else uvicorn closes at once, in the middle of what the client sends

            await app(scope, receive, sending)

        return telling

    def _checked(self, data: bytes) -> bytes:
        """Return what may go to the parser now. Raises BadRequestError."""
        if self._body is not None:
            rest = data[self._body.take(data) :]
            if self._body.ended:
                self._body = None
        else:
            if self.cycle is not None and not self.cycle.response_complete:
                raise _pipelined()
            since = len(self._held)
            data = self._held + data if since else data
            end = data.find(END, max(since - len(END), 0), HEAD_BYTES)
            if end < 0:
                self._hold(data, since)
                return b""
            rest = self._begun(data, end + len(END))
        if rest:
            raise _pipelined()
        return data

    def _hold(self, data: bytes, since: int) -> None:
        """Keep the beginning of a head, for so long. What lies before `since` has been looked at."""
        check_part(data, since)
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)
        self._unset_keepalive_if_required()
        self._held = data

    def _begun(self, data: bytes, end: int) -> bytes:
        """Check a head that is whole; return what comes after the request, of which there must be nothing."""
        head = read_head(data[:end])
        if self._held:
            self._held = b""
            self._stop_timer()
        if head.upgrade and self.ws_protocol_class is None:
            raise BadRequestError("an upgrade", "to WebSocket is not served here", "use HTTP")
        if head.chunked or head.length:
            return self._body_begun(head, data[end:])
        return data[end:]

    def _body_begun(self, head: Head, rest: bytes) -> bytes:
        body = Chunked() if head.chunked else Counted(head.length)
        rest = rest[body.take(rest) :]
        self._body = None if body.ended else body
        return rest

    def _too_slow(self) -> None:
        self._timer = None
        self._refuse(BadRequestError("the request's head", f"did not come within {HEAD_SECONDS:g} seconds"))

    def _refuse(self, error: SafetyError) -> None:
        """Say why, unless an answer has begun, and close."""
        if self._closing or self.transport.is_closing():
            return
        _log.warning("refused a request: %s", error)
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_refusal(error))
        self._linger()

    def _linger(self) -> None:
        """Close, but not in the middle of what the client sends: it would lose our answer."""
        if self._closing or self.transport.is_closing():
            return
        self._closing = True
        self._held, self._body = b"", None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._stop_timer()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _pipelined() -> BadRequestError:
    return BadRequestError(
        "the connection", "brought more before the first request was answered", "send one request at a time"
    )


def _refusal(error: SafetyError) -> bytes:
    body = json.dumps(error_to_json(error)).encode()
    status = b"503 Service Unavailable" if isinstance(error, UnavailableError) else b"400 Bad Request"
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nconnection: close\r\n" % status
    return b"%scontent-length: %d\r\n\r\n%s" % (head, len(body), body)
