"""A provider that answers from a script and keeps what it was sent: OpenAI chat or Anthropic messages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final

from safety_core.canonical import JsonObject

PIECE: Final = 7
"""Characters per streamed piece of text: small, so that every secret is cut somewhere."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says next: a text, or a call of one tool."""

    text: str = ""
    tool: str = ""
    params: JsonObject = field(default_factory=dict)


class ScriptedModel:
    """Serves on a loopback port while entered.

    Attributes:
        received: the raw body of every request, in order: what really left the machine.
        keys: the credentials that came with them.
    """

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.keys: list[str] = []
        self._script: list[Reply] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the screen belongs to the story."""

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                model.received.append(raw)
                model.keys.append(self.headers.get("authorization") or self.headers.get("x-api-key") or "")
                reply = model._script.pop(0) if model._script else Reply("(the script has ended)")
                body = json.loads(raw)
                speak = _anthropic if self.path.endswith("/messages") else _openai
                number = len(model.received)
                if body.get("stream"):
                    self._send(
                        "text/event-stream", "".join(speak(reply, number, str(body["model"]), stream=True)).encode()
                    )
                else:
                    self._send(
                        "application/json", "".join(speak(reply, number, str(body["model"]), stream=False)).encode()
                    )

            def _send(self, kind: str, raw: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Return where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def next(self, *replies: Reply) -> None:
        """Add to the script."""
        self._script.extend(replies)

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _openai(reply: Reply, number: int, model: str, *, stream: bool) -> Iterator[str]:
    usage = {
        "prompt_tokens": 1200 + number,
        "completion_tokens": 20,
        "total_tokens": 1220 + number,
        "prompt_tokens_details": {"cached_tokens": 1024},
    }
    head: dict[str, Any] = {"id": f"chatcmpl-{number}", "created": 1, "model": model}
    call: dict[str, Any] = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": reply.tool, "arguments": json.dumps(reply.params)},
    }
    finish = "tool_calls" if reply.tool else "stop"
    if not stream:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
        if reply.tool:
            message["tool_calls"] = [call]
        choice = {"index": 0, "message": message, "finish_reason": finish}
        yield json.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        return
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += (
        [{"tool_calls": [{"index": 0, **call}]}]
        if reply.tool
        else [{"content": piece} for piece in _pieces(reply.text)]
    )
    choices = [[{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas]
    ending: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": finish}
    choices.append([ending])
    for choice_list in choices:
        yield _event({**head, "object": "chat.completion.chunk", "choices": choice_list})
    yield _event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield "data: [DONE]\n\n"


def _anthropic(reply: Reply, number: int, model: str, *, stream: bool) -> Iterator[str]:
    usage: dict[str, Any] = {
        "input_tokens": 176 + number,
        "cache_read_input_tokens": 1024,
        "cache_creation_input_tokens": 0,
        "output_tokens": 20,
    }
    block: dict[str, Any] = {"type": "text", "text": reply.text}
    if reply.tool:
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": reply.tool, "input": reply.params}
    stop = {"stop_reason": "tool_use" if reply.tool else "end_turn", "stop_sequence": None}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": model}
    if not stream:
        yield json.dumps({**message, "content": [block], **stop, "usage": usage})
        return
    start: dict[str, Any] = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    yield _named({"type": "message_start", "message": start})
    empty = {**block, "input": {}} if reply.tool else {**block, "text": ""}
    yield _named({"type": "content_block_start", "index": 0, "content_block": empty})
    text = json.dumps(reply.params) if reply.tool else reply.text
    for piece in _pieces(text):
        delta = (
            {"type": "input_json_delta", "partial_json": piece} if reply.tool else {"type": "text_delta", "text": piece}
        )
        yield _named({"type": "content_block_delta", "index": 0, "delta": delta})
    yield _named({"type": "content_block_stop", "index": 0})
    yield _named({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 20}})
    yield _named({"type": "message_stop"})


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + PIECE] for start in range(0, len(text), PIECE))


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _named(data: dict[str, Any]) -> str:
    return f"event: {data['type']}\n" + _event(data)
