"""Waits until a write-ahead log is on the disk, on a thread, so that nobody else waits with it."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TypeAlias

Then: TypeAlias = Callable[[OSError | None], None]
"""Called on the loop that waited, with what went wrong, if anything did."""


@dataclass(slots=True)
class _Wait:
    loop: asyncio.AbstractEventLoop
    then: Then


class Disk:
    """The write-ahead log of one database. It must be there already, and stay while this is open.

    One wait at a time: who comes meanwhile has not been written yet. Raises OSError where there is no such file.
    """

    def __init__(self, path: Path) -> None:
        log = path.with_name(path.name + "-wal")
        self._waits: SimpleQueue[_Wait | None] = SimpleQueue()
        self._at: _Wait | None = None
        self._idle: asyncio.Future[None] | None = None
        descriptor = os.open(log, os.O_RDWR | os.O_CLOEXEC)
        Thread(target=_work, args=(descriptor, self._waits), name=log.name, daemon=True).start()
        weakref.finalize(self, self._waits.put, None)

    @property
    def busy(self) -> bool:
        """True while something is waited for."""
        return self._at is not None and not self._at.loop.is_closed()

    def wait(self, then: Then) -> None:
        """Call `then` once all that has been written so far is on the disk."""
        self._at = _Wait(asyncio.get_running_loop(), partial(self._told, then))
        self._waits.put(self._at)

    async def aclose(self) -> None:
        """Wait for what is under way, and end."""
        if self.busy:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        self._waits.put(None)

    def _told(self, then: Then, error: OSError | None) -> None:
        self._at = None
        then(error)
        if self._idle is not None and self._at is None and not self._idle.done():
            self._idle.set_result(None)


def _work(descriptor: int, waits: SimpleQueue[_Wait | None]) -> None:
    """Wait for the disk as often as is asked: the body of the thread."""
    try:
        while (wait := waits.get()) is not None:
            error: OSError | None = None
            try:
                os.fdatasync(descriptor)
            except OSError as failed:
                error = failed
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                wait.loop.call_soon_threadsafe(wait.then, error)
            del wait  # what it holds is not kept until the next one comes
    finally:
        os.close(descriptor)
