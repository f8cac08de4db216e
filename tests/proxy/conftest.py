"""Listeners on real sockets, for tests that speak HTTP to them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import httpx2
import pytest
from starlette.types import ASGIApp

from proxy.serve import Listener, serve
from proxy.sockets import listen_unix

Serving: TypeAlias = Callable[[ASGIApp], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def short_path() -> Generator[Path, None, None]:
    """A folder whose path fits into a Unix socket's address, which pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="edge") as folder:
        yield Path(folder)


@pytest.fixture
def serving(short_path: Path) -> Serving:
    """Serves an application on a Unix socket and yields a client of it."""

    @asynccontextmanager
    async def serving(app: ASGIApp) -> AsyncGenerator[httpx2.AsyncClient, None]:
        path = short_path / "s"
        up, stop = asyncio.Event(), asyncio.Event()
        listener = Listener(app, listen_unix(path))
        task = asyncio.create_task(serve([listener], up.set, lambda: None, stop))
        await up.wait()
        try:
            transport = httpx2.AsyncHTTPTransport(uds=str(path))
            async with httpx2.AsyncClient(transport=transport, base_url="http://edge", timeout=60) as client:
                yield client
        finally:
            stop.set()
            await task

    return serving
