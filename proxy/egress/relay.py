"""One client's request as the effects of the second sentence see it: the provider on one side, the client on the
other.

A task listens whether the client is still there. When it leaves, whatever is being awaited on either side ends at
once with UnavailableError, so that the provider stops working for nobody and the flow still audits and meters.
Effects that are not about the client or the provider (the audit log, the vault) are never cut short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

from proxy.providers.dialects import Api
from proxy.providers.paths import joined
from proxy.upstream.client import Answer, Upstream
from safety_core.edge import clock
from safety_core.edge.driver import Handlers
from safety_core.errors import ClientGoneError, UnavailableError
from safety_core.flow.egress_effects import (
    Cancel,
    Emit,
    Forward,
    Headers,
    NextChunk,
    Respond,
    ResponseHead,
    UpstreamRequest,
)
from safety_core.model.secret import SecretName, SecretValue

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
T = TypeVar("T")


class Relay:
    """Performs Forward, NextChunk, Cancel, Respond and Emit for one request. Use as an async context manager.

    Attributes:
        waited: seconds in which the provider or the client was waited for so far.
    """

    def __init__(self, receive: Receive, send: Send, upstream: Upstream, base_url: str, api: Api) -> None:
        self._receive = receive
        self._send = send
        self._upstream = upstream
        self._base_url = base_url
        self._api = api
        self._answer: Answer | None = None
        self._gone = asyncio.Event()
        self._waiting: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._started = False
        self.waited = 0.0

    async def __aenter__(self) -> Relay:
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        await self._let_go()

    def handlers(self) -> Handlers:
        """Return what performs the effects of this request alone."""
        return {
            Forward: self._forward,
            NextChunk: self._next_chunk,
            Cancel: lambda _: self._let_go(),
            Respond: self._respond,
            Emit: self._emit,
        }

    async def finish(self) -> None:
        """Tell the client that the body is complete."""
        if self._started and not self._gone.is_set():
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _forward(self, effect: Forward) -> ResponseHead:
        request = effect.request
        url, headers = addressed(self._api, self._base_url, request, effect.key)
        self._answer = await self._present(self._upstream.send(request.method, url, headers, request.body))
        return self._answer.head

    async def _next_chunk(self, effect: NextChunk) -> bytes | None:
        if self._answer is None:
            raise UnavailableError("response", "there is none")
        return await self._present(self._answer.chunk())

    async def _respond(self, effect: Respond) -> None:
        message = {"type": "http.response.start", "status": effect.status, "headers": [*effect.headers]}
        await self._present(self._send(message))
        self._started = True

    async def _emit(self, effect: Emit) -> None:
        await self._present(self._send({"type": "http.response.body", "body": effect.data, "more_body": True}))

    async def _let_go(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            await answer.aclose()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
        if self._waiting is not None:
            self._waiting.cancel()

    async def _present(self, awaitable: Awaitable[T]) -> T:
        """Await while the client is there. As `asyncio.timeout` does: a cancellation of our own is taken back."""
        task = asyncio.current_task()
        if task is None or self._gone.is_set():
            _discard(awaitable)
            raise ClientGoneError("client", "has left")
        self._waiting = task
        since = perf_counter()
        try:
            return await awaitable
        except asyncio.CancelledError as error:
            if self._gone.is_set() and task.uncancel() == 0:
                raise ClientGoneError("client", "has left") from error
            raise
        finally:
            self.waited += perf_counter() - since
            self._waiting = None


def addressed(
    api: Api, base_url: str, request: UpstreamRequest, keys: Mapping[SecretName, SecretValue]
) -> tuple[str, Headers]:
    """Return where a request goes, and its headers with the provider's key, if there is one."""
    url = joined(base_url, request.target)
    key = next((value.reveal() for value in keys.values()), "")
    return url, api.authorized(request, url, key, clock.now())


def _discard(awaitable: Awaitable[object]) -> None:
    """Close a coroutine that will not be awaited."""
    if asyncio.iscoroutine(awaitable):
        awaitable.close()
