"""What a scripted model answers: texts, tool calls and errors, as OpenAI and Anthropic put them on the wire."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from safety_core.canonical import Json
from safety_core.cli.demo.model import STREAM, WHOLE, Headers, Received, Reply, Script
from safety_core.model.usage import Usage

PIECE: Final = 4
"""Characters per streamed delta: so few that every secret is cut somewhere."""

COST: Final = Usage(1200, 20, cache_read=1024)
"""What an answer costs if nothing else is said."""

_Object = Mapping[str, Any]


class Queue:
    """A script that plays others one after another, one for each request."""

    def __init__(self) -> None:
        self._scripts: deque[Script] = deque()

    def next(self, *scripts: Script) -> None:
        """Add to what will be played. Any thread may."""
        self._scripts.extend(scripts)

    def __call__(self, request: Received) -> Reply:
        """Play the next one; after the last one the model says that the script has ended."""
        script = self._scripts.popleft() if self._scripts else say("(the script has ended)")
        return script(request)


def say(text: str, *, piece: int = PIECE, usage: Usage = COST) -> Script:
    """Answer with `text`, in the API that was asked; streamed in deltas of `piece` characters."""

    def script(request: Received) -> Reply:
        deltas = _cut(text, piece)
        if request.anthropic:
            changes = [{"type": "text_delta", "text": delta} for delta in deltas]
            return _anthropic(request, {"type": "text", "text": text}, {"text": ""}, changes, usage)
        return _openai(request, {"content": text}, [{"content": delta} for delta in deltas], "stop", usage)

    return script


def call_tool(name: str, arguments: Mapping[str, Json], *, piece: int = PIECE, usage: Usage = COST) -> Script:
    """Ask for one tool call; its id holds the number of the request, so it is not used twice."""
    raw = json.dumps(arguments)

    def script(request: Received) -> Reply:
        deltas = _cut(raw, piece)
        if request.anthropic:
            block = {"type": "tool_use", "id": f"toolu_{request.number}", "name": name, "input": dict(arguments)}
            changes = [{"type": "input_json_delta", "partial_json": delta} for delta in deltas]
            return _anthropic(request, block, {"input": {}}, changes, usage)
        call = {"id": f"call_{request.number}", "type": "function"}
        first = {"index": 0, **call, "function": {"name": name, "arguments": ""}}
        rest = ({"index": 0, "function": {"arguments": delta}} for delta in deltas)
        message = {"content": None, "tool_calls": [{**call, "function": {"name": name, "arguments": raw}}]}
        return _openai(request, message, [{"tool_calls": [part]} for part in (first, *rest)], "tool_calls", usage)

    return script


def fail(status: int, body: bytes, headers: Headers = WHOLE) -> Script:
    """Answer with this status and body, whatever was asked."""
    return lambda request: Reply(status, headers, [body])


def _cut(text: str, piece: int) -> list[str]:
    return [text[start : start + piece] for start in range(0, len(text), piece)]


def _openai(request: Received, message: _Object, deltas: Sequence[_Object], reason: str, usage: Usage) -> Reply:
    counts = {
        "prompt_tokens": usage.input_total,
        "completion_tokens": usage.output_total,
        "total_tokens": usage.input_total + usage.output_total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
    }
    asked = request.json()
    base = {"id": "chatcmpl-1", "created": 1, "model": asked["model"]}
    if not request.streamed:
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
        return _whole({**base, "object": "chat.completion", "choices": [choice], "usage": counts})
    base["object"] = "chat.completion.chunk"
    with_usage = (asked.get("stream_options") or {}).get("include_usage") is True
    extra = {"usage": None} if with_usage else {}
    changes: list[_Object] = [{"role": "assistant", "content": ""}, *deltas, {}]
    reasons = [*[None] * (len(changes) - 1), reason]
    choices = [{"index": 0, "delta": delta, "finish_reason": why} for delta, why in zip(changes, reasons, strict=True)]
    events = [{**base, "choices": [choice], **extra} for choice in choices]
    if with_usage:
        events.append({**base, "choices": [], "usage": counts})
    return Reply(headers=STREAM, chunks=[*map(_data, events), b"data: [DONE]\n\n"])


def _anthropic(request: Received, block: _Object, empty: _Object, changes: Sequence[_Object], usage: Usage) -> Reply:
    """Return a message of one content block, which a stream starts with the `empty` fields and then changes."""
    counts = {
        "input_tokens": usage.input_total - usage.cache_read,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": 0,
        "output_tokens": usage.output_total,
    }
    end = {"stop_reason": "tool_use" if block["type"] == "tool_use" else "end_turn", "stop_sequence": None}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": request.json()["model"]}
    if not request.streamed:
        return _whole({**message, "content": [block], **end, "usage": counts})
    start: _Object = {
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**counts, "output_tokens": 1},
    }

    def events() -> Iterator[_Object]:
        yield {"type": "message_start", "message": {**message, **start}}
        yield {"type": "ping"}
        yield {"type": "content_block_start", "index": 0, "content_block": {**block, **empty}}
        for change in changes:
            yield {"type": "content_block_delta", "index": 0, "delta": change}
        yield {"type": "content_block_stop", "index": 0}
        yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": usage.output_total}}
        yield {"type": "message_stop"}

    chunks = [b"event: %s\n%s" % (str(event["type"]).encode(), _data(event)) for event in events()]
    return Reply(headers=STREAM, chunks=chunks)


def _whole(answer: _Object) -> Reply:
    return Reply(chunks=[json.dumps(answer).encode()])


def _data(event: _Object) -> bytes:
    return b"data: %s\n\n" % json.dumps(event).encode()
