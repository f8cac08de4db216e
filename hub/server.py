"""Serving: one uvicorn process that says when it is ready, and where."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from typing import Final

import click
import uvicorn

from hub import clerk
from hub.app import hub_app, opened
from hub.context import Context
from hub.settings import Settings
from safety_core.errors import InputError

GRACE_SECONDS: Final = 2
"""How long a stopping hub lets requests finish; streams are ended at once."""


FILES: Final = 65_536
"""Descriptors: as many streams as one process holds, and three times as many requests besides."""

UNANSWERED_MILLISECONDS: Final = 60_000
"""How long the kernel keeps sending to a client that is gone without a word."""


class Server(uvicorn.Server):
    """Prints one line of JSON once requests are answered, which supervisors and tests wait for."""

    def __init__(self, config: uvicorn.Config, context: Context) -> None:
        super().__init__(config)
        self._context = context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if sockets and not self.should_exit:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            click.echo(json.dumps({"ready": True, "url": f"http://{shown}:{port}"}))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: nobody else would, and their edges go to whoever comes next."""
        self._context.streams.close()
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Answer requests until a signal ends it. What is missing or wrong is raised before anything listens."""
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(_serve(settings))


def _allow_files() -> None:
    """Take as many descriptors as we may have, up to what streams and requests need: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings) -> None:
    _allow_files()
    async with opened(settings) as context:
        config = uvicorn.Config(
            hub_app(context),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        with _listener(settings) as listener:
            async with clerk.running(context):
                await Server(config, context).serve(sockets=[listener])


def _listener(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS)
        return listener
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise InputError(where, f"cannot be listened on ({error.strerror})", "choose another port") from error
