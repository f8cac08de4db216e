"""What a scripted model answers to OpenAI's responses API: a text, or one call of a tool; whole or as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from safety_core.canonical import Json
from safety_core.cli.demo.answers import COST, PIECE
from safety_core.cli.demo.model import STREAM, Received, Reply, Script

_Object = Mapping[str, Any]

_USAGE: Final = {
    "input_tokens": COST.input_total,
    "input_tokens_details": {"cached_tokens": COST.cache_read},
    "output_tokens": COST.output_total,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": COST.input_total + COST.output_total,
}


def say(text: str) -> Script:
    """Answer with `text`."""

    def script(request: Received) -> Reply:
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {"type": "message", "id": f"msg_{request.number}", "role": "assistant", "status": "completed"}
        return _reply(request, {**item, "content": [part]}, _text_events(f"msg_{request.number}", text, part))

    return script


def call_tool(name: str, arguments: Mapping[str, Json]) -> Script:
    """Ask for one tool call; its id holds the number of the request, so it is not used twice."""

    def script(request: Received) -> Reply:
        raw = json.dumps(arguments)
        item = {"type": "function_call", "id": f"fc_{request.number}", "call_id": f"call_{request.number}"}
        item |= {"name": name, "arguments": raw, "status": "completed"}
        return _reply(request, item, _call_events(f"fc_{request.number}", raw))

    return script


def _text_events(item: str, text: str, part: _Object) -> Iterator[_Object]:
    place = {"item_id": item, "output_index": 0, "content_index": 0}
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for delta in _cut(text):
        yield {"type": "response.output_text.delta", **place, "delta": delta, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}


def _call_events(item: str, raw: str) -> Iterator[_Object]:
    place = {"item_id": item, "output_index": 0}
    for delta in _cut(raw):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": delta}
    yield {"type": "response.function_call_arguments.done", **place, "arguments": raw}


def _reply(request: Received, item: _Object, changes: Iterator[_Object]) -> Reply:
    base = {"id": f"resp_{request.number}", "object": "response", "created_at": 1, "model": request.json()["model"]}
    base |= {"error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "tools": []}
    base |= {"parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "top_p": 1.0}
    whole = {**base, "status": "completed", "output": [item], "usage": _USAGE}
    if not request.streamed:
        return Reply(chunks=[json.dumps(whole).encode()])
    events = _stream({**base, "status": "in_progress", "output": [], "usage": None}, item, changes, whole)
    return Reply(headers=STREAM, chunks=[_frame(number, event) for number, event in enumerate(events)])


def _stream(start: _Object, item: _Object, changes: Iterator[_Object], whole: _Object) -> Iterator[_Object]:
    empty: _Object = {"content": []} if item["type"] == "message" else {"arguments": ""}
    yield {"type": "response.created", "response": start}
    yield {"type": "response.in_progress", "response": start}
    yield {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {**item, **empty, "status": "in_progress"},
    }
    yield from changes
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": whole}


def _frame(number: int, event: _Object) -> bytes:
    data = json.dumps({**event, "sequence_number": number})
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def _cut(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
