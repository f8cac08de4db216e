"""A scripted model on loopback: OpenAI chat completions and Anthropic messages, streamed and whole, over real
sockets.

    async with Model(say("hello")) as model:
        ...                              # send requests to model.url
        model.requests[0].json()         # what arrived, byte for byte in .body

A script is any function from what arrived to a `Reply`; `say`, `call_tool` and `fail` make the usual ones. A
reply's chunks are written one by one, each flushed, so a test decides how the bytes are cut; a chunk may be an
`asyncio.Event` to wait for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Chunk: TypeAlias = bytes | asyncio.Event
STREAM = (("content-type", "text/event-stream"),)
WHOLE = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived. Header names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def anthropic(self) -> bool:
        return self.target.partition("?")[0].endswith("/messages")

    @property
    def streamed(self) -> bool:
        return self.json().get("stream") is True


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `broken`: close the connection in the middle of the body."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = WHOLE
    chunks: Sequence[Chunk] = ()
    broken: bool = False


Script: TypeAlias = Callable[[Received], Reply]


@dataclass(slots=True)
class Model:
    """The server. `left` is set when a client closes its connection before the reply is complete."""

    script: Script
    requests: list[Received] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Model:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                self.arrived.set()
                if not await self._answer(self.script(request), reader, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
        finally:
            self._open.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = f"HTTP/1.1 {reply.status} Scripted\r\ntransfer-encoding: chunked\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
        gone = asyncio.create_task(reader.read(1))  # nothing is pipelined: a read ends only when the client leaves
        try:
            started = False
            for chunk in reply.chunks:
                if isinstance(chunk, asyncio.Event):
                    waiting = asyncio.create_task(chunk.wait())
                    await asyncio.wait([gone, waiting], return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                    if gone.done():
                        self.left.set()
                        return False
                    continue
                if not started:
                    writer.write(head.encode())
                    started = True
                writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await writer.drain()
                await asyncio.sleep(0)
            if not started:
                writer.write(head.encode())
            if reply.broken:
                return False
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            return not gone.done()
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    length = int(dict(headers).get("content-length", "0"))
    return Received(method, target, headers, await reader.readexactly(length))


def say(text: str, *, pieces: int = 4, usage: Mapping[str, int] | None = None) -> Script:
    """Answer every request with `text`, in the API it came in; streamed in deltas of `pieces` characters."""
    counts = {"input": 11, "output": 7, "cached": 5, **(usage or {})}

    def script(request: Received) -> Reply:
        deltas = [text[start : start + pieces] for start in range(0, len(text), pieces)]
        if request.anthropic:
            return _anthropic(request, [("text", "text_delta", deltas)], [{"type": "text", "text": text}], counts)
        return _openai(request, [{"content": delta} for delta in deltas], {"content": text}, "stop", counts)

    return script


def call_tool(name: str, arguments: Mapping[str, Any], *, pieces: int = 4, call: str = "call_1") -> Script:
    """Ask for one tool call; say "done" once its result is in the conversation."""
    raw = json.dumps(arguments)
    counts = {"input": 11, "output": 7, "cached": 5}

    def script(request: Received) -> Reply:
        if _has_result(request, call):
            return say("done")(request)
        deltas = [raw[start : start + pieces] for start in range(0, len(raw), pieces)]
        if request.anthropic:
            block = {"type": "tool_use", "id": call, "name": name, "input": dict(arguments)}
            return _anthropic(request, [("partial_json", "input_json_delta", deltas)], [block], counts)
        function = {"name": name, "arguments": raw}
        first = {
            "tool_calls": [{"index": 0, "id": call, "type": "function", "function": {"name": name, "arguments": ""}}]
        }
        rest = [{"tool_calls": [{"index": 0, "function": {"arguments": delta}}]} for delta in deltas]
        message = {"content": None, "tool_calls": [{"id": call, "type": "function", "function": function}]}
        return _openai(request, [first, *rest], message, "tool_calls", counts)

    return script


def fail(status: int, body: bytes, headers: Sequence[tuple[str, str]] = WHOLE) -> Script:
    """Answer every request with this status and body."""
    return lambda request: Reply(status, headers, [body])


def _has_result(request: Received, call: str) -> bool:
    for message in request.json()["messages"]:
        if message.get("tool_call_id") == call:
            return True
        content = message.get("content")
        if isinstance(content, list) and any(part.get("tool_use_id") == call for part in content):
            return True
    return False


def _openai(
    request: Received,
    deltas: Sequence[Mapping[str, Any]],
    message: Mapping[str, Any],
    reason: str,
    counts: Mapping[str, int],
) -> Reply:
    usage = {
        "prompt_tokens": counts["input"],
        "completion_tokens": counts["output"],
        "total_tokens": counts["input"] + counts["output"],
        "prompt_tokens_details": {"cached_tokens": counts["cached"]},
    }
    base = {"id": "chatcmpl-1", "created": 1, "model": request.json()["model"]}
    if not request.streamed:
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
        return Reply(
            chunks=[json.dumps({**base, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()]
        )
    base["object"] = "chat.completion.chunk"
    asked = (request.json().get("stream_options") or {}).get("include_usage") is True
    extra = {"usage": None} if asked else {}
    events: list[Mapping[str, Any]] = [
        {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **extra}
        for delta in ({"role": "assistant", "content": ""}, *deltas)
    ]
    events.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], **extra})
    if asked:
        events.append({**base, "choices": [], "usage": usage})
    chunks = [b"data: %s\n\n" % json.dumps(event).encode() for event in events]
    return Reply(headers=STREAM, chunks=[*chunks, b"data: [DONE]\n\n"])


def _anthropic(
    request: Received,
    streams: Sequence[tuple[str, str, Sequence[str]]],
    blocks: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
) -> Reply:
    usage = {
        "input_tokens": counts["input"],
        "cache_read_input_tokens": counts["cached"],
        "cache_creation_input_tokens": 0,
        "output_tokens": counts["output"],
    }
    reason = "tool_use" if blocks[0]["type"] == "tool_use" else "end_turn"
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": request.json()["model"]}
    message |= {"stop_sequence": None}
    if not request.streamed:
        whole = {**message, "content": list(blocks), "stop_reason": reason, "usage": usage}
        return Reply(chunks=[json.dumps(whole).encode()])
    start = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[Mapping[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, ((name, kind, deltas), block) in enumerate(zip(streams, blocks, strict=True)):
        opened = {**block, "text": ""} if name == "text" else {**block, "input": {}}
        events.append({"type": "content_block_start", "index": index, "content_block": opened})
        events += [
            {"type": "content_block_delta", "index": index, "delta": {"type": kind, name: delta}} for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": reason, "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": counts["output"]}})
    events.append({"type": "message_stop"})
    return Reply(
        headers=STREAM,
        chunks=[
            b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), json.dumps(event).encode()) for event in events
        ],
    )
