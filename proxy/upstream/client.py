"""The one way out: HTTP/1.1 to a listed provider, no redirect, no cookie, no proxy from the environment, no private
address unless listed.

aiohttp's connections, TLS and parser; what is written on them are the very bytes of the request, so that headers leave
in their order, no header is added, and none is read and written anew (ADR 23).
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from yarl import URL

from proxy.upstream.addresses import PrivateAddressError, public_socket
from proxy.upstream.kept import KeptConnections
from safety_core.errors import InputError, UnansweredError, UnavailableError
from safety_core.flow.egress_effects import Headers, ResponseHead

CHUNK: Final = 32 * 1024
"""Bytes of a response that are read before anybody takes them; twice as many, and the provider has to wait."""

SWITCHED: Final = 101
"""Status of a connection that goes on in another protocol, which nobody asks for here (RFC 9110, 15.2.2)."""

ORIGINS: Final = 256
"""Hosts whose URLs are kept. A listed domain may have as many names as whoever asks for them makes up."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say that they have no body, if they have none (RFC 9110, 8.6)."""

_FIELD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\x00-\x08\x0a-\x1f\x7f]*")
_LINE: Final = re.compile(rb"[A-Z]+ /[\x21-\x7e]* HTTP/1\.1")
_AT_ONCE: Final = struct.pack("ii", 1, 0)
_WRITTEN: Final = SimpleNamespace(output_size=0)


class Upstream:
    """Connections to providers. Close it with `aclose()`."""

    def __init__(self, *, private: bool, connect_seconds: float, silence_seconds: float) -> None:
        """Take the rules.

        Args:
            private: addresses that are not public are allowed.
            connect_seconds: until a connection stands, looking its name up included.
            silence_seconds: between two chunks of a response.
        """
        self._private = private
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds, sock_read=silence_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._origins: dict[str, URL] = {}

    async def send(self, method: str, url: str, headers: Headers, body: bytes) -> Answer:
        """Send a request and return the response, its body unread. Close it.

        Raises:
            UnavailableError: no response came; UnansweredError where the request had left.
            InputError: a header or the path cannot be sent.
        """
        if self._session is None:
            self._session = self._opened()
        origin, host, target = self._split(url)
        outgoing = _Outgoing(_head(method, host, target, headers, body), body)
        try:
            response = await self._session.request(method, origin, data=outgoing, allow_redirects=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            outgoing.abort()
            kind = UnavailableError if outgoing.transport is None else UnansweredError
            raise translated(error, origin, kind) from error
        except BaseException:
            outgoing.abort()
            raise
        if response.status == SWITCHED:
            outgoing.abort()
            response.close()
            raise UnavailableError(origin.raw_host or "provider", "answered in another protocol", "look at its status")
        return Answer(response, outgoing, origin)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _split(self, url: str) -> tuple[URL, str, str]:
        """Return where to connect, the Host header, and the target, which is sent as it is written."""
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        origin = self._origins.get(start := f"{scheme}://{authority}")
        if origin is None:
            if len(self._origins) >= ORIGINS:
                self._origins.clear()
            origin = self._origins[start] = URL(start)
        return origin, origin.host_port_subcomponent or authority, slash + path

    def connector(self) -> aiohttp.TCPConnector:
        """Return what makes connections."""
        return KeptConnections(socket_factory=None if self._private else public_socket)

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self.connector(),
            request_class=_Request,
            response_class=_Response,
            timeout=self._timeout,
            auto_decompress=False,
            read_bufsize=CHUNK,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )


class Answer:
    """A response whose body is still to come."""

    def __init__(self, response: aiohttp.ClientResponse, outgoing: _Outgoing, origin: URL) -> None:
        self._response = response
        self._outgoing = outgoing
        self._origin = origin
        self.head = ResponseHead(response.status, tuple((name.lower(), value) for name, value in response.raw_headers))

    async def chunk(self) -> bytes | None:
        """Return the next bytes as they came, or None at the end. Raises UnavailableError if it breaks off."""
        try:
            return await self._response.content.readany() or None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise translated(error, self._origin) from error

    async def aclose(self) -> None:
        """Let go of the connection; if the body has not come to its end, the provider sees it break off at once."""
        if not self._response.closed:
            self._outgoing.abort()
        self._response.close()


class _Outgoing:
    """What is written, and on what."""

    __slots__ = ("body", "head", "transport")

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head = head
        self.body = body
        self.transport: asyncio.WriteTransport | None = None

    def write(self, transport: asyncio.WriteTransport) -> None:
        self.transport = transport
        if len(self.body) > CHUNK:
            transport.writelines([self.head, self.body])  # not joined: bodies are large
        else:
            transport.write(self.head + self.body)

    def abort(self) -> None:
        """Break the connection off, also where the provider has not taken all of the request yet: to close it would
        wait for that."""
        if self.transport is not None:
            _break_off(self.transport)


class _Request(aiohttp.ClientRequest):
    """Sends what `_Outgoing` holds. What aiohttp would make of headers and a body is not made."""

    def update_headers(self, headers: Any) -> None:
        super().update_headers(None)

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        pass

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        self._outgoing: _Outgoing = body

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        protocol = conn.protocol
        if protocol.transport is None:
            raise aiohttp.ClientConnectionResetError("the connection ended before it was used")
        protocol.asked = True
        self._outgoing.write(protocol.transport)
        protocol.start_timeout()
        return self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=self._traces,
            loop=self.loop,
            session=self._session,
            stream_writer=_WRITTEN,  # type: ignore[arg-type]
        )


class _Response(aiohttp.ClientResponse):
    """Gives a connection back only where the whole request has left: a provider may answer before it has read it."""

    def _release_connection(self) -> None:
        connection = self._connection
        transport = None if connection is None else connection.transport
        if isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size():
            _break_off(transport)
        super()._release_connection()


def _break_off(transport: asyncio.WriteTransport) -> None:
    """Reset a connection: what the system still holds for a provider that takes nothing is dropped as well."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError, ValueError):  # it is closed already, as asyncio and as uvloop say it
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()


def _head(method: str, host: str, target: str, headers: Headers, body: bytes) -> bytes:
    """Return the request's head. Raises InputError where a part would end its line: a key may hold anything."""
    line = b"%s %s HTTP/1.1" % (method.encode(), (target or "/").encode())
    fields = [b"%s: %s" % field for field in headers]
    if not any(name == b"host" for name, _ in headers):
        fields.insert(0, b"host: " + host.encode())
    if body or method in _WITH_BODY:
        fields.append(b"content-length: %d" % len(body))
    if not _LINE.fullmatch(line) or not all(map(_FIELD.fullmatch, fields)):
        raise InputError("request to the provider", "has a header or path that HTTP cannot carry", "look at the key")
    return b"\r\n".join((line, *fields, b"", b""))


def translated(error: Exception, origin: URL, kind: type[UnavailableError] = UnavailableError) -> UnavailableError:
    """Return what a failure of a connection to `origin` is called here, as a `kind`."""
    host = origin.raw_host or "provider"
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, PrivateAddressError) or isinstance(getattr(seen, "os_error", None), PrivateAddressError):
            return UnavailableError(host, "has a private address", "list the provider as private, if it is meant to be")
        seen = seen.__cause__
    return kind(
        host, f"did not answer ({type(error).__name__})", "look at the provider's status and this host's network"
    )
