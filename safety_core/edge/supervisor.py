"""Telling systemd how a service is (sd_notify(3)): ready, still alive, leaving. Nobody else is told, and nobody asked.

`Type=notify` then waits for the listeners, and `WatchdogSec=` starts a service again whose event loop stands still.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"
LEAVING: Final = "STOPPING=1"

TIMES: Final = 3
"""Signs of life within the time after which systemd takes a service for dead."""


@asynccontextmanager
async def supervised(environ: Mapping[str, str] | None = None) -> AsyncGenerator[Callable[[str], None], None]:
    """Yield what tells the supervisor a word, and tell it signs of life until the block ends, where it wants them.

    Without `NOTIFY_SOCKET` it tells nobody. A word that does not arrive is none.
    """
    environ = os.environ if environ is None else environ
    address = environ.get("NOTIFY_SOCKET", "")
    task = asyncio.create_task(_living(address, _every(environ)), name="supervisor")
    try:
        yield lambda word: _send(address, word)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _every(environ: Mapping[str, str]) -> float:
    """Return the seconds between two signs of life, 0 for none; those wanted of another process are not ours."""
    with suppress(ValueError):
        if environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            return int(environ.get("WATCHDOG_USEC", "0")) / 1e6 / TIMES
    return 0.0


async def _living(address: str, every: float) -> None:
    while address and every > 0:
        _send(address, ALIVE)
        await asyncio.sleep(every)


def _send(address: str, word: str) -> None:
    if not address:
        return
    path = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        sender.sendto(word.encode(), path)
