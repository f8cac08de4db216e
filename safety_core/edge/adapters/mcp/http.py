"""An MCP server at a URL (streamable HTTP): one host, its addresses looked up once and checked; answers are bounded."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from mcp.client.streamable_http import streamable_http_client

from safety_core.edge.adapters.mcp.stdio import MESSAGE_BYTES
from safety_core.edge.adapters.request import Request
from safety_core.edge.authorities import authorities
from safety_core.edge.lookup import service_addresses

REFUSED: Final = frozenset({401, 403})
"""The secret is wrong, or may not do this (RFC 9110)."""


class Transport(httpx2.AsyncHTTPTransport):
    """Sends what is for one host to an address of it that was checked. `refused`: how it turned the secret down."""

    def __init__(self, host: str, address: str, trusted: ssl.SSLContext) -> None:
        super().__init__(verify=trusted, trust_env=False, retries=0)
        self._host = host
        self._address = address
        self.refused = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request."""
        if request.url.raw_host.decode("ascii") != self._host:
            raise httpx2.ConnectError("another host", request=request)
        request.extensions = {**request.extensions, "sni_hostname": self._host}
        request.url = request.url.copy_with(host=self._address)
        response = await super().handle_async_request(request)
        if response.status_code in REFUSED:
            self.refused = response.status_code
        response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx2.AsyncByteStream):
    """An answer that ends where it becomes too long."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MESSAGE_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.ReadError("too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


@asynccontextmanager
async def reached(request: Request) -> AsyncGenerator[tuple[Any, Transport], None]:
    """Yield the streams of a session, and the transport below it.

    Raises:
        ExecutionError: the host cannot be found or may not be reached.
    """
    connection, target = request.connection, request.connection.target
    parts = urlsplit(target)
    if parts.scheme == "http" and not connection.private:
        fix = "write https://, or private = true where it lies in this network"
        raise request.refusal("would be reached over plain http", fix)
    host, port = httpx2.URL(target).raw_host.decode("ascii"), parts.port or (443 if parts.scheme == "https" else 80)
    addresses = await service_addresses(connection.name, host, port, private=connection.private)
    token = request.secret("token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = Transport(host, addresses[0], authorities(connection.name, connection.options.get("ca")))
    timeout = httpx2.Timeout(request.timeout)
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers, timeout=timeout, trust_env=False) as client,
        streamable_http_client(target, http_client=client, max_sse_event_size=MESSAGE_BYTES) as streams,
    ):
        yield streams, transport
