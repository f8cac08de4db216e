"""Who waits for an answer, and whether they still do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from proxy.room import Room

T = TypeVar("T")


class Receive(Protocol):
    """ASGI's `receive`."""

    def __call__(self) -> Awaitable[MutableMapping[str, Any]]:
        """Return the next message."""


class Caller:
    """One caller of the control listener. `leave()` says that nobody waits for the answer any more."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()

    @property
    def gone(self) -> bool:
        """True once nobody waits."""
        return self._gone.is_set()

    def leave(self) -> None:
        """Note that nobody waits."""
        self._gone.set()

    async def watch(self, receive: Receive) -> None:
        """Read on after the body until the connection ends; then nobody waits."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.leave()

    async def patiently(self, work: Awaitable[T]) -> T | None:
        """Return what `work` returns, or None if the caller leaves first; `work` is then cancelled."""
        task = asyncio.ensure_future(work)
        leaving = asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return None if self.gone else task.result()
        finally:
            task.cancel()
            leaving.cancel()
            await asyncio.gather(task, leaving, return_exceptions=True)


class Callers:
    """Everybody who is being served, so that a shutdown can send them away. `room`: for what they send."""

    def __init__(self) -> None:
        self.room = Room()
        self._here: set[Caller] = set()
        self._closed = False

    @contextmanager
    def serving(self) -> Generator[Caller, None, None]:
        """Yield a new caller, here until the block ends."""
        caller = Caller()
        self._here.add(caller)
        if self._closed:
            caller.leave()
        try:
            yield caller
        finally:
            self._here.discard(caller)

    def dismiss(self) -> None:
        """Let every waiting caller go with what is known now (approvals stay pending); later ones do not wait."""
        self._closed = True
        for caller in self._here:
            caller.leave()
