"""The one way out for requests that were looked into: HTTP/1.1 to checked addresses, no redirect followed, no proxy
from the environment, certificates verified by the system's store."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict
from yarl import URL

from proxy.errors import ForwardRefusedError
from proxy.forward.dial import CONNECT_SECONDS, Dialer
from proxy.forward.target import Target
from safety_core.errors import SafetyError, UnavailableError
from safety_core.flow.egress_effects import Headers
from safety_core.model.tool_call import AgentId

SILENCE_SECONDS: Final = 600.0
HEAD_BYTES: Final = 64 * 1024
"""Of a response."""

_OURS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add by itself."""


class Outward:
    """Connections to hosts, kept apart by agent: some hosts hold who somebody is against the connection. Close it.

    Args:
        verify: makes the context by which hosts are verified; asked once.
    """

    def __init__(self, dialer: Dialer, verify: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._resolver = _Resolver(dialer)
        self._verify = verify
        self._context: ssl.SSLContext | None = None
        self._sessions: dict[AgentId, aiohttp.ClientSession] = {}

    async def send(
        self, agent: AgentId, method: str, url: str, headers: Headers, body: bytes
    ) -> aiohttp.ClientResponse:
        """Return the response, its body unread and as it was sent. Release or close it.

        Raises:
            UnavailableError: there is none.
            ForwardRefusedError: the host's name leads to an address that is not public.
        """
        sent = CIMultiDict((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
        where = URL(url, encoded=True)
        try:
            return await self._session(agent).request(
                method, where, headers=sent, data=io.BytesIO(body) if body else None, allow_redirects=False
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise translated(error, where.host or "") from error

    async def aclose(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    def _session(self, agent: AgentId) -> aiohttp.ClientSession:
        found = self._sessions.get(agent)
        if found is None:
            self._context = self._context or self._verify()
            connector = aiohttp.TCPConnector(
                limit=0, resolver=self._resolver, use_dns_cache=False, ssl=self._context, happy_eyeballs_delay=0.25
            )
            found = self._sessions[agent] = aiohttp.ClientSession(
                connector=connector,
                skip_auto_headers=_OURS,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS),
                max_line_size=HEAD_BYTES,
                max_field_size=HEAD_BYTES,
            )
        return found


class _Resolver(AbstractResolver):
    """Hands aiohttp the addresses that were checked, so that it connects to these and looks nothing up itself."""

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


def translated(error: BaseException, host: str) -> SafetyError:
    """Return what went wrong between us and a host, as an error of ours."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ForwardRefusedError | UnavailableError):
            return seen
        seen = seen.__cause__ or getattr(seen, "os_error", None)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return UnavailableError(host, "shows no certificate that this machine's store trusts", "look at the host")
    return UnavailableError(host, f"did not answer ({type(error).__name__})", "look at the host, and at this network")
