"""Listens, says when it is ready, and runs the pool beside."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import click
import uvicorn

from demo_pool import snapshot
from demo_pool.front.app import Front
from demo_pool.ledger import Ledger
from demo_pool.pool import Pool
from demo_pool.settings import Address, Settings
from demo_pool.tenancy import try_out
from safety_core.edge.confine.group import find_parents
from safety_core.edge.http.guarded import GuardedProtocol
from safety_core.errors import InputError

GRACE_SECONDS: Final = 2


class _Server(uvicorn.Server):
    """Prints one line of JSON once requests are answered."""

    def __init__(self, config: uvicorn.Config, ready: dict[str, object]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take SIGTERM and SIGINT as the word to stop. uvicorn would raise them again before the tenants have ended."""
        loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        click.echo(json.dumps({"ready": True, **self._ready}))


def serve(settings: Settings) -> None:
    """Clear what an earlier pool left, make the snapshot, and serve until a signal ends it.

    Raises:
        InputError: the port cannot be listened on.
        UnavailableError: another pool has the folder, what one left cannot be removed, or this machine lets no tenant
            live.
    """
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    settings = replace(settings, data=settings.data.absolute())
    for folder in (settings.data, settings.data / "root"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = Ledger(settings.data)
    with ledger.held(), _listener(settings) as listener:
        cleared = await ledger.clear()
        snapshot.make(settings.data / "snapshot")
        await try_out(settings)
        port = listener.getsockname()[1]
        pool = Pool(settings, Address(settings.public_url or f"http://localhost:{port}"), ledger)
        parents = find_parents()
        limited = parents.memory is not None and parents.pids is not None
        config = uvicorn.Config(
            Front(pool), http=GuardedProtocol, ws="none", lifespan="off", log_level="warning", access_log=False,
            server_header=False, timeout_graceful_shutdown=GRACE_SECONDS,
        )  # fmt: skip
        if not limited:
            click.echo("warning: no control groups here (Delegate=yes): memory and processes are not limited", err=True)
        ready = {"url": pool.address.origin, "port": port, "limited": limited, "cleared": cleared}
        running = asyncio.create_task(pool.run())
        try:
            await _Server(config, ready).serve(sockets=[listener])
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _listener(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        fix = "end what listens there, or give another --port" if error.errno == errno.EADDRINUSE else "give a --host"
        raise InputError(where, f"cannot be listened on ({reason})", fix) from error
