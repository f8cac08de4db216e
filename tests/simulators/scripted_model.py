"""A language model on loopback that does what the newest scripted user message says (OpenAI chat completions).

    with ScriptedModel() as model:
        prompt = script(Call("exec", {"command": "ls"}), Say("done"))
        ...                                   # an agent sends `prompt` as its user message to model.url
        model.bodies                          # what arrived, byte for byte

A step is answered for each tool result that follows the message: the first step at once, the second after the first result, and so on.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from safety_core.canonical import Json

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_USAGE: Final = {"prompt_tokens": 120, "completion_tokens": 8, "total_tokens": 128}


@dataclass(frozen=True)
class Call:
    """The model calls a tool."""

    tool: str
    params: Mapping[str, Json]


@dataclass(frozen=True)
class Say:
    """The model answers with text."""

    text: str


def script(*steps: Call | Say) -> str:
    """Return a user message that makes the model take these steps."""
    listed = [{"tool": s.tool, "params": dict(s.params)} if isinstance(s, Call) else {"say": s.text} for s in steps]
    return f"<script>{json.dumps(listed)}</script>"


class ScriptedModel:
    """The server, from `with` to its end. `bodies`: every request body that arrived, in order."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.keys: list[str] = []
        self._ids = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Return its address, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def tool_results(self, marker: str) -> list[str]:
        """Return the tool results of the newest request whose user messages mention `marker`."""
        for raw in reversed(self.bodies):
            messages = json.loads(raw)["messages"]
            if any(message["role"] == "user" and marker in _text(message) for message in messages):
                return [_text(message) for message in messages if message["role"] == "tool"]
        return []

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the assistant's message for this request."""
        step = _next_step(body["messages"])
        if "tool" not in step:
            return {"role": "assistant", "content": step["say"]}
        function = {"name": step["tool"], "arguments": json.dumps(step["params"])}
        call = {"index": 0, "id": f"call_{next(self._ids)}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                model.bodies.append(raw)
                model.keys.append(self.headers.get("authorization", ""))
                body = json.loads(raw)
                message = model.answer(body)
                kind, chunks = _streamed(body, message) if body.get("stream") else _whole(body, message)
                self.send_response(200)
                self.send_header("content-type", kind)
                self.end_headers()
                for chunk in chunks:
                    self.wfile.write(chunk)

        return Handler


def _next_step(messages: list[Any]) -> dict[str, Any]:
    """Return the step of the newest script that its tool results have reached."""
    steps: list[dict[str, Any]] = []
    reached = 0
    for message in messages:
        found = _SCRIPT.findall(_text(message)) if message["role"] == "user" else []
        if found:
            steps, reached = json.loads(found[-1]), 0
        elif message["role"] == "tool":
            reached += 1
    return steps[reached] if reached < len(steps) else {"say": "nothing more to do"}


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _whole(body: Mapping[str, Any], message: dict[str, Any]) -> tuple[str, Iterator[bytes]]:
    choice = {"index": 0, "message": message, "finish_reason": _finish(message)}
    answer = {"id": "chatcmpl-1", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": _USAGE}
    return "application/json", iter([json.dumps(answer).encode()])


def _streamed(body: Mapping[str, Any], message: dict[str, Any]) -> tuple[str, Iterator[bytes]]:
    def chunk(choices: list[dict[str, Any]], **more: Json) -> bytes:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        return b"data: " + json.dumps({**head, "choices": choices, **more}).encode() + b"\n\n"

    def chunks() -> Iterator[bytes]:
        yield chunk([{"index": 0, "delta": message, "finish_reason": None}])
        yield chunk([{"index": 0, "delta": {}, "finish_reason": _finish(message)}])
        yield chunk([], usage=_USAGE)  # type: ignore[arg-type]
        yield b"data: [DONE]\n\n"

    return "text/event-stream", chunks()


def _finish(message: Mapping[str, Any]) -> str:
    return "tool_calls" if message.get("tool_calls") else "stop"
