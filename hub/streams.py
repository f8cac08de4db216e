"""The open streams of hints, one for each edge: a parked task, a few fields, and nothing that waits for a slow reader.

What is due for a stream is a set of topics, so however much happens, a stream owes its edge one short write. All
writing is done here, some hundreds at a time, so that ten thousand edges hear within a second and other requests go
on meanwhile. A stream that cannot take a write at once is ended: its edge connects again, and looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

from hub.bus import Bus, Topic
from hub.store import tenants
from hub.store.engine import Database
from safety_core.errors import UnavailableError
from safety_core.model.tool_call import TenantId

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

STREAMS: Final = 20_000
"""In one process: about 13 KiB each."""

STREAMS_PER_TENANT: Final = 4
"""An edge has one, and for a moment another where it lost the first unawares; the oldest gives way."""

QUIET_SECONDS: Final = 20.0
"""After so long without a word a comment is written, so that both ends know that the other is there."""

KEY_SECONDS: Final = 60.0
"""How often the keys are compared with the database, in case a word got lost."""

TURN: Final = 250
"""Streams written to before others have their turn: a few milliseconds."""

FOR_EDGES: Final = (Topic.FEED, Topic.POLICY, Topic.ORDERS)
_LINES: Final = {topic: b'data: {"topic":"%s"}\n\n' % topic.value.encode() for topic in FOR_EDGES}
BEAT: Final = b": still here\n\n"


class Stream:
    """One edge that listens. `public`: the key that signed for it."""

    __slots__ = ("_send", "_streams", "dropped", "due", "public", "tenant", "told")

    def __init__(self, streams: Streams, tenant: TenantId, public: str, send: Send) -> None:
        self._streams = streams
        self._send = send
        self.tenant = tenant
        self.public = public
        self.due: set[Topic] | None = None  # most of the time there is none
        self.told = asyncio.get_running_loop().time()
        self.dropped = False

    def hear(self, _tenant: TenantId, topic: Topic) -> None:
        """Note a word; it is written when its turn comes."""
        if topic is Topic.KEY:
            self.end()
        elif topic in _LINES:
            if self.due is None:
                self.due = set()
                self._streams.owe(self)
            self.due.add(topic)

    def pay(self) -> None:
        """Write what is due."""
        due, self.due = self.due, None
        if due:
            self.write(b"".join(_LINES[topic] for topic in FOR_EDGES if topic in due))

    def write(self, raw: bytes) -> None:
        """Write at once, or end."""
        self.told = asyncio.get_running_loop().time()
        if not _done_at_once(self._send({"type": "http.response.body", "body": raw, "more_body": True})):
            self._streams.drop(self)

    def end(self) -> None:
        """Say that nothing more comes: the parked task then wakes as if its client had left."""
        if not _done_at_once(self._send({"type": "http.response.body", "body": b"", "more_body": False})):
            self._streams.drop(self)


def _done_at_once(writing: Awaitable[None]) -> bool:
    """Run a write that should need no waiting; False if it has to wait, and then it is given up."""
    steps = writing.__await__()
    try:
        next(steps)
    except StopIteration:
        return True
    except (OSError, RuntimeError):  # the connection or the answer is over
        return True
    steps.close()
    return False


class Streams:
    """All of them."""

    def __init__(self) -> None:
        self._open: dict[Stream, asyncio.Task[Any] | None] = {}
        self._of: dict[TenantId, list[Stream]] = {}
        self._owed: list[Stream] = []
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def joined(self, bus: Bus, tenant: TenantId, public: str, send: Send) -> Iterator[Stream]:
        """Have a stream hear its tenant's words as long as the block lasts. Raises UnavailableError."""
        if self._closed:
            raise UnavailableError("hub", "is stopping", "the edge polls meanwhile")
        if len(self._open) >= STREAMS:
            raise UnavailableError("hub", f"holds {STREAMS} streams, as many as it may", "the edge polls meanwhile")
        stream = Stream(self, tenant, public, send)
        others = self._of.setdefault(tenant, [])
        others.append(stream)
        self._open[stream] = asyncio.current_task()
        bus.attach(tenant, stream.hear)
        if len(others) > STREAMS_PER_TENANT:
            others[-1 - STREAMS_PER_TENANT].end()  # an older one has been told, and is on its way out
        try:
            yield stream
        finally:
            bus.detach(tenant, stream.hear)
            self._open.pop(stream, None)
            others.remove(stream)
            if not others:
                del self._of[tenant]

    def owe(self, stream: Stream) -> None:
        """Have what is due for a stream written soon."""
        if not self._owed:
            asyncio.get_running_loop().call_soon(self._pay)
        self._owed.append(stream)

    def _pay(self) -> None:
        turn, self._owed = self._owed[:TURN], self._owed[TURN:]
        for stream in turn:
            if stream in self._open:
                stream.pay()
        if self._owed:
            asyncio.get_running_loop().call_soon(self._pay)

    def drop(self, stream: Stream) -> None:
        """Let go of a stream whose reader does not read."""
        task = self._open.pop(stream, None)
        if task is not None:
            stream.dropped = True
            task.cancel()

    def close(self) -> None:
        """End all, so that their edges go to whoever comes next; let nobody in any more."""
        self._closed = True
        for stream in tuple(self._open):
            stream.end()

    @asynccontextmanager
    async def going_on(self, database: Database) -> AsyncIterator[None]:
        """Write to the quiet, and end those whose key no longer counts, as long as the block lasts."""
        tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._compare(database))]
        try:
            yield
        finally:
            self.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(QUIET_SECONDS / 20)
            quiet_since = asyncio.get_running_loop().time() - QUIET_SECONDS
            for count, stream in enumerate(tuple(self._open), start=1):
                if stream.told < quiet_since:
                    stream.write(BEAT)
                if count % (TURN * 10) == 0:
                    await asyncio.sleep(0)

    async def _compare(self, database: Database) -> None:
        while True:
            await asyncio.sleep(KEY_SECONDS)
            with suppress(UnavailableError):
                async with database.read() as connection:
                    keys = {tenant.id: tenant.public for tenant in await tenants.listed(connection)}
                self.end_others(keys)

    def end_others(self, keys: Mapping[TenantId, str | None]) -> None:
        """End the streams that another key than the tenant's has opened."""
        for stream in tuple(self._open):
            if keys.get(stream.tenant) != stream.public:
                stream.end()
