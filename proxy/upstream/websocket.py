"""The way out for WebSockets: to a listed provider, by the same rules as `proxy.upstream.client`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from proxy.providers.realtime import MESSAGE_BYTES
from proxy.upstream.addresses import public_socket
from proxy.upstream.client import translated
from safety_core.errors import InputError, UnavailableError
from safety_core.flow.egress_effects import Headers

CLOSE_SECONDS: Final = 2.0
"""How long the provider has to answer that a socket is closed."""

HEARTBEAT_SECONDS: Final = 30.0
"""Between two pings; who does not answer is gone."""

_OURS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add by itself."""

_ENDS: Final = frozenset({aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED})


@dataclass(frozen=True, slots=True)
class Closed:
    """How a socket ended."""

    code: int
    reason: str
    by_client: bool = False


class UpstreamSocket:
    """A provider's socket. Close it with `aclose()`."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, origin: URL) -> None:
        self._session = session
        self._socket = socket
        self._origin = origin

    @property
    def subprotocol(self) -> str | None:
        """The one that the provider has chosen."""
        return self._socket.protocol

    async def send(self, text: str) -> None:
        """Send one message; wait while the provider does not take more. Raises UnavailableError."""
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise translated(error, self._origin) from error

    async def receive(self) -> bytes | Closed:
        """Return the next message, or how the socket ended.

        Raises:
            UnavailableError: it broke off.
            InputError: the message is binary, or too large.
        """
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            text: str = message.data
            return text.encode()
        if message.type is aiohttp.WSMsgType.BINARY:
            raise InputError("message", "of the provider is binary")
        code = self._socket.close_code
        if message.type in _ENDS and code is not None and code != aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
            return Closed(code, message.extra if isinstance(message.extra, str) else "")
        raise UnavailableError(self._origin.raw_host or "provider", "broke off the socket", "look at its status")

    async def close(self, code: int, reason: str) -> None:
        """Say that the socket ends, and why."""
        await self._socket.close(code=code, message=reason.encode()[:120])

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._socket.close()
        await self._session.close()


async def connect(
    url: str, headers: Headers, protocols: Sequence[str], *, private: bool, connect_seconds: float
) -> UpstreamSocket:
    """Return a socket of the provider's.

    Args:
        url: http or https, as it is sent.
        private: addresses that are not public are allowed.

    Raises:
        UnavailableError: there is none.
    """
    origin = URL(url, encoded=True)
    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(_redirected)
    session = aiohttp.ClientSession(
        trace_configs=[tracing],
        connector=aiohttp.TCPConnector(limit=0, socket_factory=None if private else public_socket),
        skip_auto_headers=_OURS,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )
    try:
        async with asyncio.timeout(connect_seconds):
            socket = await session.ws_connect(
                origin,
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
                protocols=protocols,
                max_msg_size=MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                heartbeat=HEARTBEAT_SECONDS,
            )
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise UnavailableError(
            origin.raw_host or "provider", f"opens no socket ({error.status})", "look at the model's name and the key"
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        await session.close()
        raise translated(error, origin) from error
    except ValueError:  # its text may quote the header
        await session.close()
        fix = "look at the key"
        raise UnavailableError("request to the provider", "has a header that HTTP cannot carry", fix) from None
    except BaseException:
        await session.close()
        raise
    return UpstreamSocket(session, socket, origin)


async def _redirected(
    session: aiohttp.ClientSession, context: object, redirect: aiohttp.TraceRequestRedirectParams
) -> None:
    """Go nowhere else: the key is for the listed host."""
    raise UnavailableError(
        redirect.url.raw_host or "provider",
        f"answered with a redirect ({redirect.response.status})",
        "set its base URL to where it leads",
    )
