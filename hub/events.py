"""GET /v1/events: a stream on which an edge is told that there is something new for it; it then fetches.

The stream says only what there may be ({"topic": "feed"}), never what it is: each fetch is signed and answered for
itself. It is served below the web framework, since ten thousand of them wait at once.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.auth.callers import edge_call
from hub.context import Context
from hub.errors import answer_error
from hub.streams import Stream
from safety_core.errors import SafetyError

PATH: Final = "/v1/events"

_HEAD: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx would hold hints back
    ],
}
_HELLO: Final = {"type": "http.response.body", "body": b": connected\n\n", "more_body": True}


class Events:
    """An application that answers `PATH` on its own, and leaves the rest to another."""

    def __init__(self, context: Context, rest: ASGIApp) -> None:
        self._context = context
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "GET":
            await self._rest(scope, receive, send)
            return
        try:
            call = await edge_call(Request(scope, receive), self._context)
            scope["headers"].clear()  # read; nobody needs them for the hours to come
            with self._context.streams.joined(self._context.bus, call.tenant, call.public, send) as stream:
                await send(_HEAD)
                await send(_HELLO)  # from here on no word is missed: the edge looks once it reads this
                await _parked(stream, receive)
        except SafetyError as error:
            await (await answer_error(Request(scope), error))(scope, receive, send)


async def _parked(stream: Stream, receive: Receive) -> None:
    """Wait until the edge leaves or the stream ends; what is sent meanwhile is not read."""
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except asyncio.CancelledError:
        if not stream.dropped:
            raise
