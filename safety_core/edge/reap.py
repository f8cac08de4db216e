"""The end of a child process: nothing of it is left to the garbage collector."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process


async def reap(process: Process) -> None:
    """Kill a child that still runs, read its pipes to their end, and let go of them. Idempotent.

    `wait()` alone returns as soon as the exit status is known. What closes the pipes may still stand in the event
    loop's queue then, and a loop that ends there leaves them open.
    """
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.communicate()
    await asyncio.sleep(0)
