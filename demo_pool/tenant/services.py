"""The services of production, started by their commands."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from safety_core.errors import UnavailableError

START_SECONDS: Final = 120
"""Until a service answers: machines that start several tenants are busy."""


@asynccontextmanager
async def service(log: Path, *arguments: str) -> AsyncIterator[Mapping[str, Any]]:
    """Run `safety` with these arguments while entered; yield the line that it prints when it is ready.

    Raises:
        UnavailableError: it ended instead, or took too long; quotes the end of its log.
    """
    with log.open("wb") as written:
        running = await asyncio.create_subprocess_exec(
            *safety(*arguments), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=written
        )
    try:
        yield await _ready(running, log, arguments[0])
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def safety(*arguments: str) -> tuple[str, ...]:
    """Return the command line of `safety` with these arguments."""
    return (sys.executable, "-m", "safety_core.cli", *arguments)


async def _ready(running: asyncio.subprocess.Process, log: Path, name: str) -> Mapping[str, Any]:
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await running.stdout.readline() if running.stdout else b""
    except TimeoutError:
        line = b""
    if not line:
        said = (await asyncio.to_thread(log.read_text, errors="replace")).strip()[-400:]
        raise UnavailableError(f"safety {name}", f"did not start: {said}")
    ready: Mapping[str, Any] = json.loads(line)
    return ready
