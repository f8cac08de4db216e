"""Serving: one uvicorn process that says when it is ready, and where."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import socket
from collections import Counter
from collections.abc import Callable
from typing import Final

import click
import uvicorn

from hub import clerk
from hub.app import hub_app, opened
from hub.billing.meters import meters_from
from hub.billing.stripe_api import stripe_from
from hub.context import Context
from hub.notices.mail import mail_server
from hub.people.provider import client_secret
from hub.settings import Settings
from safety_core.edge.http.guarded import GuardedProtocol
from safety_core.edge.supervisor import LEAVING, READY, supervised
from safety_core.errors import InputError

GRACE_SECONDS: Final = 2
"""How long a stopping hub lets requests finish; streams are ended at once."""


FILES: Final = 65_536
"""Descriptors: as many streams as one process holds, and three times as many requests besides."""

MOST: Final = 30_000
"""Connections at the same time: the streams, and half as many requests."""

PER_ADDRESS: Final = 2_000
"""... of them from one address: edges behind one firewall share theirs."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""Where a TLS proxy stands, which brings everybody's connections and has bounds of its own."""

_addresses: Final[Counter[str]] = Counter()

_ELSEWHERE: Final = "give a --host of this machine, and a --port that you may use"

KEEP_ALIVE_SECONDS: Final = 30
"""An idle connection; edges keep theirs for 5."""

UNANSWERED_MILLISECONDS: Final = 60_000
"""How long the kernel keeps sending to a client that is gone without a word."""


class Protocol(GuardedProtocol):
    """One connection to the hub: its head has a size and a time, and no address has more of them than `PER_ADDRESS`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and count."""
        self._address = str((transport.get_extra_info("peername") or ("",))[0])
        _addresses[self._address] += 1
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        _addresses[self._address] -= 1
        if not _addresses[self._address]:
            del _addresses[self._address]
        super().connection_lost(exc)

    def most(self) -> int:
        """Return how many connections the hub holds at the same time."""
        return MOST

    def crowded(self) -> int:
        """Return how many connections there may be, where this one is too many; else 0."""
        mine = _addresses[self._address] > PER_ADDRESS and self._address not in LOOPBACK
        return super().crowded() or (PER_ADDRESS if mine else 0)


class Server(uvicorn.Server):
    """Prints one line of JSON once requests are answered, which supervisors and tests wait for."""

    def __init__(self, config: uvicorn.Config, context: Context, tell: Callable[[str], None]) -> None:
        super().__init__(config)
        self._context = context
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if sockets and not self.should_exit:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            click.echo(json.dumps({"ready": True, "url": f"http://{shown}:{port}"}))
            self._tell(READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: nobody else would, and their edges go to whoever comes next."""
        self._tell(LEAVING)
        self._context.streams.close()
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Answer requests until a signal ends it. What is missing or wrong is raised before anything listens."""
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(_serve(settings))


def check(settings: Settings) -> None:
    """Look at what settings point at, and use none of it yet: a mistake shows at the start, not with the first mail.

    Raises:
        InputError, SecretError: the mail server's URL, the key of Stripe or the provider's secret cannot be used.
    """
    if settings.smtp:
        mail_server(settings.smtp, settings.mail_from)
    if settings.stripe_key_file:
        stripe_from(settings, meters_from(settings.stripe_meters))
    if settings.oidc_issuer:
        client_secret(settings)


def _allow_files() -> None:
    """Take as many descriptors as we may have, up to what streams and requests need: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings) -> None:
    _allow_files()
    check(settings)
    async with opened(settings) as context:
        config = uvicorn.Config(
            hub_app(context),
            http=Protocol,
            ws="none",
            log_level="warning",
            access_log=False,  # its lines would hold one-use links
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        with _listener(settings) as listener:
            async with clerk.running(context), supervised() as tell:
                await Server(config, context, tell).serve(sockets=[listener])


def _listener(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS)
        return listener
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        fix = "end what listens there, or give another --port" if error.errno == errno.EADDRINUSE else _ELSEWHERE
        raise InputError(where, f"cannot be listened on ({reason})", fix) from error
