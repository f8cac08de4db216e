"""A prompt, what may come back, and the whole sentence for it: for the tests of both of its halves."""

from __future__ import annotations

import json
from typing import Any

from proxy.providers.openai import OpenAi
from safety_core.edge.driver import run
from safety_core.flow.dialect import Dialect, Operation, Purpose
from safety_core.flow.exchange import Exchange, Prompt, PromptContext
from safety_core.flow.prompt import forward
from safety_core.model.tool_call import AgentId
from tests.simulators.prompt_world import KEY, SECRETS, PromptWorld, redactor

PASSWORD, TOKEN, PROVIDER_KEY = SECRETS.values()
REDACTOR = redactor()
CONTEXT = PromptContext(REDACTOR, body_limit=100_000)
HEADERS = (
    (b"host", b"127.0.0.1:8100"),
    (b"authorization", b"Bearer edge-client-token"),
    (b"content-type", b"application/json"),
    (b"x-stainless-lang", b"python"),
    (b"connection", b"keep-alive, x-hop"),
    (b"x-hop", b"1"),
    (b"openai-beta", b"a"),
    (b"openai-beta", b"b"),
    (b"content-length", b"999"),
)
TURN = Operation(Purpose.TURN)
STREAM_TYPE = ((b"content-type", b"text/event-stream; charset=utf-8"),)


def prompt(content: str = "hello", *, dialect: Dialect | None = None, **fields: Any) -> Prompt:
    body = {"model": "m-1", "messages": [{"role": "user", "content": content}], **fields}
    return Prompt(
        AgentId("ada"),
        "openai",
        dialect or OpenAi(),
        TURN,
        KEY,
        "POST",
        "/v1/chat/completions",
        HEADERS,
        json.dumps(body).encode(),
    )


def answer(content: str = "hi", **fields: Any) -> bytes:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    message = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return json.dumps({"id": "c1", "choices": [message], "usage": usage, **fields}).encode()


def sse(*pieces: str, usage: bool = True) -> list[bytes]:
    chunks = [
        {"id": "c1", "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces
    ]
    chunks.append({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        counts = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        chunks.append({"id": "c1", "choices": [], "usage": counts})  # type: ignore[dict-item]
    return [b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks] + [b"data: [DONE]\n\n"]


def said(stream: bytes) -> str:
    """Return the text that a client puts together."""
    text = ""
    for line in stream.decode().split("\n"):
        if line.startswith("data: {"):
            for choice in json.loads(line[6:]).get("choices", []):
                text += choice["delta"].get("content") or ""
    return text


def done(world: PromptWorld, question: Prompt, context: PromptContext = CONTEXT) -> Exchange:
    return run(forward(question, context), world.handlers)
