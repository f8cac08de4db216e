"""Serving: one uvicorn process that says when it is ready, and where."""

from __future__ import annotations

import json
import socket

import click
import uvicorn

from hub.app import hub_app
from hub.settings import Settings
from safety_core.errors import InputError

GRACE_SECONDS = 2
"""How long a stopping hub lets requests finish; long polls simply ask again."""


class _Server(uvicorn.Server):
    """Prints one line of JSON once requests are answered, which supervisors and tests wait for."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and not self.should_exit:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            click.echo(json.dumps({"ready": True, "url": f"http://{shown}:{port}"}))


def serve(settings: Settings) -> int:
    """Answer requests until a signal ends it. Returns the exit status."""
    config = uvicorn.Config(
        hub_app(settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    with _listener(settings) as listener:
        server.run(sockets=[listener])
    return 0 if server.started else 3


def _listener(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise InputError(where, f"cannot be listened on ({error.strerror})", "choose another port") from error
