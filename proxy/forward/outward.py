"""The one way out for requests that were looked into: the egress's own (`proxy.upstream.client`), which writes a
request's very bytes, to checked addresses, and to hosts whose certificate the system's store trusts."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from proxy.forward.dial import CONNECT_SECONDS, Dialer
from proxy.forward.target import Target
from proxy.upstream.client import Answer, Upstream
from proxy.upstream.kept import KeptConnections
from safety_core.errors import UnavailableError
from safety_core.flow.egress_effects import Headers
from safety_core.model.tool_call import AgentId

SILENCE_SECONDS: Final = 600.0

_UNTRUSTED: Final = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)


class Outward:
    """Connections to hosts, kept apart by agent: some hosts hold who somebody is against the connection. Close it.

    Args:
        verify: makes the context by which hosts are verified; asked once.
    """

    def __init__(self, dialer: Dialer, verify: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._dialer = dialer
        self._verify = verify
        self._context: ssl.SSLContext | None = None
        self._upstreams: dict[AgentId, _Upstream] = {}

    async def send(self, agent: AgentId, method: str, url: str, headers: Headers, body: bytes) -> Answer:
        """Return the response, its body unread and as it was sent. Close it.

        Raises:
            UnavailableError: there is none.
            ForwardRefusedError: the host's name leads to an address that is not public.
            InputError: a header or the path cannot be sent.
        """
        upstream = self._upstreams.get(agent)
        if upstream is None:
            self._context = self._context or self._verify()
            upstream = self._upstreams[agent] = _Upstream(self._dialer, self._context)
        try:
            return await upstream.send(method, url, headers, body)
        except UnavailableError as error:
            if isinstance(error.__cause__, _UNTRUSTED):
                reason = "shows no certificate that this machine's store trusts"
                raise UnavailableError(error.thing, reason, "look at the host") from error
            raise

    async def aclose(self) -> None:
        """Close all connections."""
        for upstream in self._upstreams.values():
            await upstream.aclose()


class _Upstream(Upstream):
    """Connects to the addresses that were checked, and to no others."""

    def __init__(self, dialer: Dialer, context: ssl.SSLContext) -> None:
        super().__init__(private=False, connect_seconds=CONNECT_SECONDS, silence_seconds=SILENCE_SECONDS)
        self._dialer = dialer
        self._context = context

    def connector(self) -> aiohttp.TCPConnector:
        """Return what makes connections: aiohttp looks nothing up itself."""
        return KeptConnections(resolver=_Resolver(self._dialer), use_dns_cache=False, ssl=self._context)


class _Resolver(AbstractResolver):
    """Hands aiohttp the addresses that were checked."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        infos = await self._dialer.resolve(Target(host, port))
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=int(address[1]), family=int(kind), proto=proto, flags=0
            )
            for kind, _, proto, _, address in infos
        ]

    async def close(self) -> None:
        """Nothing is kept."""
