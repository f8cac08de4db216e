"""The forward proxy, put together, and its listener."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from proxy.forward.front import Front
from proxy.forward.parts import Parts

ENDING_SECONDS: Final = 5.0
"""How long what was cut has to be recorded."""


@asynccontextmanager
async def listening(parts: Parts, listener: socket.socket) -> AsyncGenerator[None, None]:
    """Serve on a bound socket until the block ends."""
    server = await asyncio.get_running_loop().create_server(lambda: Front(parts), sock=listener)
    try:
        yield
    finally:
        server.close()
        for transport in tuple(parts.connections):
            transport.abort()
        if parts.state.tasks:
            await asyncio.wait(tuple(parts.state.tasks), timeout=ENDING_SECONDS)
        await parts.outward.aclose()
