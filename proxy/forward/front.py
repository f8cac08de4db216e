"""A connection's first bytes: CONNECT, an http:// URL, or something that no forward proxy serves."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, cast

from proxy.canaries import SPEAKER
from proxy.errors import forward_status_of
from proxy.forward.credentials import CHALLENGE, client_of, unknown_client
from proxy.forward.intercept import intercept, speak
from proxy.forward.parts import Parts
from proxy.forward.permission import Wish
from proxy.forward.request import Line
from proxy.forward.scan import Found, scan_head
from proxy.forward.strict import check_host
from proxy.forward.target import Target, connect_target, http_target
from proxy.forward.tunnel import Tunnel
from safety_core.edge.http.head import END, HEAD_BYTES, TARGET_BYTES, BadRequestError, read_head
from safety_core.errors import BusyError, InputError, SafetyError
from safety_core.flow.egress_effects import Headers
from safety_core.model.forward import How

_SILENT: Final = {b"\x04": "SOCKS 4", b"\x05": "SOCKS 5", b"\x16": "TLS"}
"""Protocols that would not understand an answer, by their first byte."""

_PREFACE: Final = b"PRI * HTTP/2.0"
_REASONS: Final = {
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    413: "Content Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
}

_log: Final = logging.getLogger(__name__)


class Front(asyncio.Protocol):
    """One connection, until it is known what it is."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._held = b""
        self._settled = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        full = len(self._parts.connections) >= self._parts.limits.connections
        self._parts.enter(self._transport)
        self._timer = self._loop.call_later(self._parts.limits.head_seconds, self._too_slow)
        if full:
            self._refuse(503, BusyError("the forward proxy", "has as many connections as it holds", "try again"))

    def data_received(self, data: bytes) -> None:
        """Read on until it is known what comes."""
        if self._settled:
            return
        self._held += data
        try:
            self._begin(self._held)
        except SafetyError as error:
            self._refuse(forward_status_of(error), error)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; what was begun for the client ends with it."""
        self._settle()
        self._parts.leave(self._transport)
        if self._task is not None:
            self._task.cancel()

    def _begin(self, held: bytes) -> None:
        if held[:1] in _SILENT:
            return self._drop(_SILENT[held[:1]])
        line, ended, rest = held.partition(b"\r\n")
        if not ended:
            if len(line) > TARGET_BYTES + 64 or b"\n" in line:
                raise BadRequestError("the request line", "is too long, or does not end in CR LF")
            return None
        method, _, after = line.partition(b" ")
        target, _, version = after.rpartition(b" ")
        if line == _PREFACE:
            raise BadRequestError("the request", "is HTTP/2, which is not spoken here", "speak HTTP/1.1 to this port")
        if version not in {b"HTTP/1.1", b"HTTP/1.0"}:
            raise BadRequestError("the request line", "does not end in HTTP/1.1", "speak HTTP/1.1 to this port")
        if method == b"CONNECT":
            return self._whole(target, version, rest)
        if not target.lower().startswith(b"http://"):
            reason = "has no http:// URL: this port is a forward proxy, and serves nothing itself"
            raise BadRequestError("the request line", reason, "set this port as http_proxy and https_proxy")
        where, path = http_target(target)
        self._settle()
        first = b" ".join((method, path, version)) + ended + rest
        way = Line(where, connect=False, client=None, abort=self._transport.abort)
        return speak(self._parts, self._transport, way, first)

    def _whole(self, target: bytes, version: bytes, rest: bytes) -> None:
        """Go on with CONNECT once its head has come whole."""
        end = (b"\r\n" + rest).find(END)
        if end < 0:
            if len(rest) > HEAD_BYTES:
                raise BadRequestError("the request's head", f"is larger than {HEAD_BYTES} bytes")
            return
        headers = _headers(rest[: end + 2], version)
        if len(rest) > end + 2:
            raise BadRequestError("CONNECT", "is followed by something before it was answered", "wait for the answer")
        where = connect_target(target)
        self._settle()
        self._transport.pause_reading()
        self._task = self._loop.create_task(self._connect(where, headers))
        self._parts.state.tasks.add(self._task)
        self._task.add_done_callback(self._parts.state.tasks.discard)
        self._task.add_done_callback(self._told)

    async def _connect(self, target: Target, headers: Headers) -> None:
        parts, client = self._parts, client_of(self._parts.clients, headers)
        if client is None:
            unknown = unknown_client(headers)
            if unknown.shown:
                parts.books.turned_away(unknown)
            return self._answer(407, unknown, CHALLENGE)
        SPEAKER.set(client.agent)
        wish = Wish(client.agent, target, connect=True)
        try:
            rule = parts.permission.rule(wish)
            found = Found(strict=rule.strict)
            scan_head(found, str(target), (), await parts.redactor())
            if rule.strict:
                check_host(target)
            if found.any:
                raise found.error(str(target))
            if rule.how is How.TUNNEL:
                return await self._tunnel(wish)
            return await intercept(parts, self._transport, client, target)
        except SafetyError as error:
            await parts.books.not_forwarded(client.agent, str(target), error)
            return self._answer(forward_status_of(error), error)

    async def _tunnel(self, wish: Wish) -> None:
        parts, where = self._parts, str(wish.target)
        call = await parts.books.forwarded(wish.agent, where, {})
        connected = await parts.dialer.connect(wish.target)
        if self._transport.is_closing():
            return connected.close()
        tunnel = Tunnel(wish.target.host, lambda: parts.permission.rule(wish), parts.limits.patience)
        try:
            await tunnel.run(self._transport, connected)
        finally:
            parts.leave(self._transport)
            if tunnel.error:
                await parts.books.not_forwarded(wish.agent, where, tunnel.error, call)
            await parts.books.ended(call, wish.agent, where, tunnel.counts)
        return None

    def _drop(self, protocol: str) -> None:
        self._settle()
        fix = "set this port as an HTTP proxy (http://), not as socks:// or https://"
        self._parts.books.turned_away(InputError("a connection", f"speaks {protocol}, which is not served", fix))
        self._transport.abort()

    def _too_slow(self) -> None:
        self._refuse(408, InputError("the request", "did not come in time"))

    def _refuse(self, status: int, error: SafetyError, headers: Headers = ()) -> None:
        self._parts.books.turned_away(error)
        self._answer(status, error, headers)

    def _answer(self, status: int, error: SafetyError, headers: Headers = ()) -> None:
        """Say why, and close."""
        self._settle()
        if self._transport.is_closing():
            return
        body = f"{error}\n".encode()
        ours = (
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        )
        lines = [
            f"HTTP/1.1 {status} {_REASONS[status]}".encode(),
            *(name + b": " + value for name, value in (*ours, *headers)),
        ]
        self._transport.write(b"\r\n".join(lines) + END + body)
        self._transport.close()

    def _told(self, task: asyncio.Task[None]) -> None:
        """A bug of ours must not leave a connection behind that nobody looks after."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("internal error of the forward proxy: %s", type(error).__name__)
            self._transport.abort()

    def _settle(self) -> None:
        self._settled, self._held = True, b""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _headers(rest: bytes, version: bytes) -> Headers:
    """Return the headers of CONNECT, read as strictly as any; clients of HTTP/1.0 send no Host. Raises
    BadRequestError."""
    pairs = [line.partition(b":") for line in rest.split(b"\r\n") if line]
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    host = b"" if any(name == b"host" for name, _ in headers) or version == b"HTTP/1.1" else b"host: none\r\n"
    head = read_head(b"GET / HTTP/1.1\r\n" + host + rest)
    if head.length or head.chunked or head.upgrade:
        raise BadRequestError("CONNECT", "has a body", "send none")
    return headers
