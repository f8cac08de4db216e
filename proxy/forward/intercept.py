"""HTTP that is spoken to the proxy itself: with TLS ended here, or plain; in either case by the hardened protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache

import uvicorn
from starlette.types import Receive, Scope, Send

from proxy.errors import ForwardRefusedError
from proxy.forward.credentials import Client
from proxy.forward.parts import Parts
from proxy.forward.request import Line, RequestApp
from proxy.forward.target import Target
from proxy.forward.tunnel import ESTABLISHED
from proxy.serve import KEEP_ALIVE_SECONDS
from safety_core.edge.http.guarded import GuardedProtocol


class _Inner(GuardedProtocol):
    """The hardened protocol, which says when its connection is gone."""

    def __init__(self, parts: Parts, line: Line, gone: Callable[[], None]) -> None:
        super().__init__(_config(), parts.state, {})
        self.app = RequestApp(parts, line)
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._gone()


class _Gate(asyncio.Protocol):
    """Holds what comes with the end of the handshake, before anybody is there to read it."""

    def __init__(self, gone: Callable[[], None]) -> None:
        self.held = b""
        self.lost = False
        self._gone = gone

    def data_received(self, data: bytes) -> None:
        self.held += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._gone()


def speak(parts: Parts, transport: asyncio.Transport, line: Line, first: bytes) -> None:
    """Serve HTTP on a connection from now on. `first`: what has come on it already."""
    inner = _Inner(parts, line, lambda: parts.leave(transport))
    transport.set_protocol(inner)
    inner.connection_made(transport)
    inner.data_received(first)


async def intercept(parts: Parts, transport: asyncio.Transport, client: Client, target: Target) -> None:
    """End TLS on a connection whose CONNECT is granted, and serve HTTP in it.

    Raises:
        SafetyError: there is no certificate for this host, or the client does not take it.
    """
    context = parts.leaves.context(target.host)
    gate = _Gate(lambda: parts.leave(transport))
    transport.write(ESTABLISHED)
    try:
        secured = await asyncio.get_running_loop().start_tls(
            transport, gate, context, server_side=True, ssl_handshake_timeout=parts.limits.handshake_seconds
        )
    except (OSError, RuntimeError) as error:
        transport.abort()
        parts.leave(transport)
        fix = "have it trust the local CA, send the host's name (SNI), and see `safety contain ca`"
        raise ForwardRefusedError(
            str(target), "the client did not begin TLS by this proxy's certificate", fix
        ) from error
    if secured is None or gate.lost:
        return transport.abort()
    line = Line(target, connect=True, client=client, abort=transport.abort)
    inner = _Inner(parts, line, lambda: parts.leave(transport))
    secured.set_protocol(inner)
    inner.connection_made(secured)
    if gate.held:
        inner.data_received(gate.held)
    return None


@cache
def _config() -> uvicorn.Config:
    config = uvicorn.Config(
        _nobody,
        http=GuardedProtocol,
        loop="none",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.load()
    return config


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    """Each connection has an application of its own."""
