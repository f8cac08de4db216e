"""A fake realtime API of OpenAI's: keeps what it was sent, and answers each `response.create` as its script says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeAlias

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Event: TypeAlias = dict[str, Any]
USAGE = {
    "total_tokens": 253,
    "input_tokens": 132,
    "output_tokens": 121,
    "input_token_details": {"text_tokens": 119, "audio_tokens": 13, "cached_tokens": 64},
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}


def said(text: str, response: str = "resp_1", size: int = 4) -> list[Event]:
    """Return the events of an answer, in pieces of `size` characters."""
    place = {"response_id": response, "item_id": f"item_{response}", "output_index": 0, "content_index": 0}
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return [
        begins(response),
        *({"type": "response.output_text.delta", **place, "delta": piece} for piece in pieces),
        {"type": "response.output_text.done", **place, "text": text},
        ends(response),
    ]


def begins(response: str = "resp_1") -> Event:
    return {"type": "response.created", "response": {"id": response, "status": "in_progress"}}


def ends(response: str = "resp_1", status: str = "completed", usage: Any = USAGE, **fields: Any) -> Event:
    return {"type": "response.done", "response": {"id": response, "status": status, "usage": usage, **fields}}


@dataclass
class Realtime:
    """The server; serves while entered.

    Attributes:
        script: what it says to a message of the client: events, raw messages, or a close code.
        greeting: what it says first.
        refuses: status with which it refuses a socket.
        requests, received, closed: what came: requests for sockets, messages, and the codes with which clients closed.
        connections: the sockets themselves; sent: how many answers have been written to them.
        settled: set whenever a socket is over.
    """

    script: Callable[[Event], Sequence[Event | str | bytes | int]] = lambda event: []
    greeting: Sequence[Event] = ({"type": "session.created", "session": {"id": "sess_1", "model": "gpt-realtime"}},)
    refuses: int | None = None
    location: str = ""
    requests: list[Request] = field(default_factory=list)
    received: list[Event] = field(default_factory=list)
    closed: list[int | None] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    connections: list[ServerConnection] = field(default_factory=list)
    sent: int = 0
    url: str = ""
    _server: Server | None = None

    async def __aenter__(self) -> Realtime:
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            0,
            process_request=self._requested,
            subprotocols=["realtime"],  # type: ignore[list-item]
            select_subprotocol=lambda _, offered: "realtime" if "realtime" in offered else None,  # type: ignore[arg-type,return-value]
            compression=None,
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _requested(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self.refuses is None:
            return None
        headers = Headers({"location": self.location} if self.location else {})
        return Response(self.refuses, "No", headers, b"")

    async def _talk(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            for event in self.greeting:
                await connection.send(json.dumps(event))
            async for message in connection:
                self.received.append(json.loads(message))
                for said in self.script(self.received[-1]):
                    await self._say(connection, said)
        except ConnectionClosed:
            pass
        finally:
            self.closed.append(connection.close_code)
            self.settled.set()

    async def _say(self, connection: ServerConnection, said: Event | str | bytes | int) -> None:
        if isinstance(said, int):
            await connection.close(said, "that is all")
        else:
            await connection.send(json.dumps(said) if isinstance(said, dict) else said)
            self.sent += 1
