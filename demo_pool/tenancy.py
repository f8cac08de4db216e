"""One tenant, as the pool holds it: started, handed a connection, ended without trace."""

from __future__ import annotations

import array
import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from demo_pool.ledger import Ledger
from demo_pool.settings import Settings
from demo_pool.spawn import Order
from safety_core.edge.confine.group import Group
from safety_core.errors import UnavailableError

READY_SECONDS: Final = 180
"""Keys, policy, hub and edge take some 15 s of processor time."""

UIDS: Final = 0x7000_0000
"""First of the user ids that tenants run as where the pool is root: above those that machines hand to containers."""

REQUESTS: Final = 64
"""At the same time, open streams included: one visitor takes nobody else's connections."""

LOG_BYTES: Final = 64 * 1024
ANSWER_BYTES: Final = 2 << 20
ANSWER_SECONDS: Final = 60
FILES_SHARE: Final = 4
"""A tenant's files have a quarter of its memory."""

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"


class Tenant:
    """A tenant. `name` is its host name, which nobody can guess; it is no key to anything."""

    def __init__(self, settings: Settings, ledger: Ledger, slot: int) -> None:
        self.name = "".join(secrets.choice(_ALPHABET) for _ in range(26))
        self.slot = slot
        self._settings = settings
        self._ledger = ledger
        self._group = Group(None, None)
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._first = -1
        self._requests = 0
        self._ended = False

    async def start(self, origin: str, seconds: float) -> None:
        """Start it; return when a visitor can have it. `seconds`: when it ends by itself.

        Raises:
            UnavailableError: it did not start; nothing of it is left.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._start(origin, seconds)
        except BaseException as error:
            await self.end()
            if isinstance(error, TimeoutError | OSError):
                raise UnavailableError("demo tenant", f"did not start ({type(error).__name__})") from error
            raise

    async def _start(self, origin: str, seconds: float) -> None:
        settings = self._settings
        self._group = Group.create(settings.megabytes << 20, settings.processes)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = self._process = await _spawned(theirs)
            groups = tuple(str(folder) for folder in self._group.folders())
            self._ledger.add(self.name, process.pid, groups)  # before it is told what to become
            order = replace(_order(settings), origin=origin, seconds=int(seconds), groups=groups)
            order = replace(order, control=theirs.fileno(), uid=UIDS + self.slot)
            if process.stdin is not None:
                process.stdin.write(order.line())
                await process.stdin.drain()
                process.stdin.close()
            await self._ready(process)

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None or process.stderr is None:
            raise UnavailableError("demo tenant", "has no pipes")
        if first := await process.stdout.readline():
            self._first = os.pidfd_open(json.loads(first)["pid"])
        if not await process.stdout.readline():
            said = (await process.stderr.read(LOG_BYTES)).decode("utf-8", "replace").strip()
            raise UnavailableError("demo tenant", f"did not start: {said[-600:]}")
        self._draining = asyncio.create_task(_drain(process.stderr))

    @contextmanager
    def visited(self) -> Iterator[None]:
        """Count a request while it goes on. Raises UnavailableError where there are too many at once."""
        if self._requests >= REQUESTS:
            raise UnavailableError("demo tenant", "is asked too much at once", "close some of its pages")
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @property
    def alive(self) -> bool:
        """Tell whether its first process runs."""
        return self._process is not None and self._process.returncode is None and not self._ended

    def connection(self, to: str) -> socket.socket:
        """Return a connection into it: to its "hub" or its "story". Raises UnavailableError."""
        if self._control is None:
            raise UnavailableError("demo tenant", "is over")
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))]
            try:
                self._control.sendmsg([to.encode()], passed, socket.MSG_DONTWAIT)
            except OSError as error:
                ours.close()
                raise UnavailableError("demo tenant", "is over") from error
        return ours

    async def ask(self, **asked: Any) -> dict[str, Any]:
        """Ask its story. Raises UnavailableError."""
        reader, writer = await asyncio.open_unix_connection(sock=self.connection("story"), limit=ANSWER_BYTES)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(json.dumps(asked).encode() + b"\n")
                await writer.drain()
                answer = json.loads(await reader.readline())
        except (OSError, ValueError, TimeoutError) as error:
            raise UnavailableError("demo tenant", "did not answer") from error
        finally:
            writer.close()
        return answer if isinstance(answer, dict) else {}

    async def end(self) -> None:
        """End it, with everything that it had. Idempotent.

        Raises:
            UnavailableError: something stays; its record stays, too.
        """
        self._ended = True
        if self._control is not None:
            self._control.close()
            self._control = None
        await self._kill()
        await self._group.end()
        for folder in self._group.folders():
            if folder.exists():
                raise UnavailableError(str(folder), "still has processes", "see what they wait for")
        self._ledger.remove(self.name)

    async def _kill(self) -> None:
        """Kill the first process, and with it all others; who waits for it ends when the kernel is done with them."""
        if self._process is None:
            return
        if self._first >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            os.close(self._first)
            self._first = -1
        else:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


async def try_out(settings: Settings) -> None:
    """Build a tenant's world once, and leave it at that. Raises UnavailableError where it cannot be."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = await _spawned(theirs)
        order = replace(_order(settings), control=theirs.fileno(), trial=True)
        _, said = await process.communicate(order.line())
    if process.returncode:
        raise UnavailableError("demo-pool", f"cannot work here: {said.decode('utf-8', 'replace').strip()[-600:]}")


def _order(settings: Settings) -> Order:
    """Return what all tenants are told."""
    data = settings.data
    return Order("", -1, 60, UIDS, settings.megabytes // FILES_SHARE, (), str(data / "root"), str(data / "snapshot"))


async def _spawned(control: socket.socket) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo_pool.spawn", stdin=pipe, stdout=pipe, stderr=pipe,
        pass_fds=(control.fileno(),), start_new_session=True,
    )  # fmt: skip


async def _drain(reader: asyncio.StreamReader) -> None:
    """Read on, so that nobody waits, and keep nothing: it may speak of what the visitor does."""
    while await reader.read(LOG_BYTES):
        pass
