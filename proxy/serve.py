"""The listeners in one process: from ready to a clean end.

On SIGTERM or SIGINT: no new connections, waiting calls are let go (their approvals stay pending), running ones finish.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp

from proxy.egress.websocket import OPTIONS, late_protocol
from safety_core.edge.http.guarded import GuardedProtocol

GRACE_SECONDS: Final = 10
"""How long running calls may go on after the signal; systemd kills after 90 s by default."""

KEEP_ALIVE_SECONDS: Final = 75
"""Idle connections; longer than SDK pools keep theirs, so that the client is the one who closes."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An application and the socket that it is served on. `websockets`: it serves such too."""

    app: ASGIApp
    socket: socket.socket
    websockets: bool = False


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: two servers in one process would fight over them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(
    listeners: Sequence[Listener],
    ready: Callable[[], None],
    leaving: Callable[[], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until a signal comes or `stop` is set. `ready` is called once all answer, `leaving` at the end."""
    servers = [_Server(_config(listener)) for listener in listeners]
    stop = stop or asyncio.Event()
    with _signals(stop):
        async with asyncio.TaskGroup() as group:
            for server, listener in zip(servers, listeners, strict=True):
                group.create_task(server.serve(sockets=[listener.socket]))
            try:
                for server in servers:
                    await server.up.wait()
                ready()
                await stop.wait()
            finally:
                leaving()
                for server in servers:
                    server.should_exit = True


def _config(listener: Listener) -> uvicorn.Config:
    return uvicorn.Config(
        listener.app,
        http=GuardedProtocol,
        loop="none",
        proxy_headers=False,  # nobody stands before us whose word on a client's address counts
        lifespan="off",
        ws=cast("type[asyncio.Protocol]", late_protocol) if listener.websockets else "none",
        **OPTIONS,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Generator[None, None, None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
