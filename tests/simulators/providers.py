"""A scripted model that speaks every provider's API: the API is told by the path that was asked.

    async with Model(say("hello")) as model:            # or running(...), for callers that are no coroutines
        ...                                             # send any provider's requests to model.url

    say(text), call_tool(name, arguments)               # a turn, whole or as a stream, as the request wants it
    fail(status, message)                               # an error, in the API's own shape
    cut(script, chunks)                                 # the connection breaks in the middle of the stream
    in_turn(script, script, ...)                        # one for each request; the last one again and again

Embeddings, counts, lists of models and batches are answered alike by all of them. The APIs: OpenAI's chat completions,
completions and responses (and all that are compatible), Anthropic's messages, Gemini, Ollama, Cohere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from safety_core.canonical import Json
from safety_core.cli.demo import answers
from safety_core.cli.demo.answers import COST, PIECE
from safety_core.cli.demo.model import STREAM, Received, Reply, Script
from safety_core.model.usage import Usage
from tests.simulators import openai_responses

LINES = (("content-type", "application/x-ndjson"),)
NUMBERS = [0.25, -0.5, 1.0]
NUMBERS_COST = Usage(7)
TOKENS = 12
"""What counting tokens comes to."""

_Object = Mapping[str, Any]


def say(text: str, *, piece: int = PIECE, usage: Usage = COST) -> Script:
    """Answer with `text`; streamed in pieces of `piece` characters."""
    return _turn(text, None, piece, usage)


def call_tool(name: str, arguments: Mapping[str, Json], *, piece: int = PIECE, usage: Usage = COST) -> Script:
    """Ask for one tool call. Its id, where the API has one, holds the number of the request."""
    return _turn("", (name, arguments), piece, usage)


def fail(status: int, message: str) -> Script:
    """Answer with an error in the shape of the API that was asked."""

    def script(request: Received) -> Reply:
        return Reply(status, chunks=[json.dumps(_error(api_of(request), status, message)).encode()])

    return script


def cut(script: Script, chunks: int) -> Script:
    """Break the connection after so many chunks of a script's answer."""

    def broken(request: Received) -> Reply:
        reply = script(request)
        return replace(reply, chunks=reply.chunks[:chunks], broken=True)

    return broken


def in_turn(*scripts: Script) -> Script:
    """Play one script for each request, the last one again and again."""
    left = [*scripts]

    def script(request: Received) -> Reply:
        return (left.pop(0) if len(left) > 1 else left[0])(request)

    return script


def api_of(request: Received) -> str:
    """Return the API that was asked: openai, responses, anthropic, gemini, ollama or cohere."""
    path = request.target.partition("?")[0]
    if "/api/" in path and "/v1/" not in path:
        return "ollama"
    if ":" in path:
        return "gemini"
    if "/v2/" in path or path.endswith("/v1/rerank"):
        return "cohere"
    if "/messages" in path:
        return "anthropic"
    return "responses" if "/responses" in path else "openai"


def _turn(text: str, call: tuple[str, Mapping[str, Json]] | None, piece: int, usage: Usage) -> Script:
    def script(request: Received) -> Reply:
        if (side := _side(request)) is not None:
            return side
        api = api_of(request)
        if api in _OWN:
            return _OWN[api](request, text, call, piece, usage)
        module: Any = openai_responses if api == "responses" else answers
        sized = {} if api == "responses" else {"piece": piece, "usage": usage}
        told: Script = module.call_tool(*call, **sized) if call else module.say(text, **sized)
        return told(request)

    return script


def _side(request: Received) -> Reply | None:
    """Return the answer to what is no turn."""
    api, path = api_of(request), request.target.partition("?")[0]
    if request.method == "GET" or path.endswith(("/api/show", "/cancel")):
        return _json({"object": "list", "data": [], "models": [], "version": "0.9.0"})
    counted: dict[str, _Object] = {
        "count_tokens": {"input_tokens": TOKENS},
        ":countTokens": {"totalTokens": TOKENS},
        "/embeddings": {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": NUMBERS}],
            "model": "m-embed",
            "usage": {"prompt_tokens": NUMBERS_COST.input_total, "total_tokens": NUMBERS_COST.input_total},
        },
        ":embedContent": {"embedding": {"values": NUMBERS}},
        ":batchEmbedContents": {"embeddings": [{"values": NUMBERS}]},
        "/api/embed": {"model": "m", "embeddings": [NUMBERS], "prompt_eval_count": NUMBERS_COST.input_total},
        "/v2/embed": {
            "id": "e",
            "embeddings": {"float": [NUMBERS]},
            "meta": {"billed_units": {"input_tokens": NUMBERS_COST.input_total}},
        },
        "/rerank": {"id": "r", "results": [{"index": 0, "relevance_score": 0.5}]},
        "/batches": {"id": "msgbatch_1", "type": "message_batch", "processing_status": "in_progress"},
    }
    if api == "ollama" and path.endswith("/embeddings"):
        return _json({"embedding": NUMBERS})
    return next((_json(answer) for end, answer in counted.items() if path.endswith(end)), None)


def _gemini(request: Received, text: str, call: Any, piece: int, usage: Usage) -> Reply:
    counts = {
        "promptTokenCount": usage.input_total,
        "candidatesTokenCount": usage.output_total,
        "totalTokenCount": usage.input_total + usage.output_total,
        "cachedContentTokenCount": usage.cache_read,
    }
    about = {"usageMetadata": counts, "modelVersion": "m-gemini", "responseId": f"r{request.number}"}

    def event(part: _Object, **more: Any) -> _Object:
        return {"candidates": [{"content": {"parts": [part], "role": "model"}, **more, "index": 0}], **about}

    asked: _Object | None = {"functionCall": {"name": call[0], "args": dict(call[1])}} if call else None
    if ":streamGenerateContent" not in request.target:
        return _json(event(asked or {"text": text}, finishReason="STOP"))
    events = [event(asked)] if asked else [event({"text": each}) for each in _cut(text, piece)]
    events.append(event({"text": ""}, finishReason="STOP"))
    if "alt=sse" in request.target:
        return Reply(headers=STREAM, chunks=[b"data: %s\r\n\r\n" % json.dumps(each).encode() for each in events])
    between = [b"[", *[b",\r\n"] * (len(events) - 1)]
    chunks = [mark + json.dumps(each, indent=1).encode() for mark, each in zip(between, events, strict=True)]
    return Reply(chunks=[*chunks, b"\n]\n"])


def _ollama(request: Received, text: str, call: Any, piece: int, usage: Usage) -> Reply:
    body = request.json()
    about = {"model": body["model"], "created_at": "2026-11-22T08:52:19.385406Z"}
    end = {"done": True, "done_reason": "stop", "total_duration": 4883583458}
    end |= {"prompt_eval_count": usage.input_total, "eval_count": usage.output_total}
    chat = request.target.endswith("/chat")

    def said(content: str, **more: Any) -> _Object:
        if chat:
            return {**about, "message": {"role": "assistant", "content": content, **more}, "done": False}
        return {**about, "response": content, "done": False}

    calls = {"tool_calls": [{"function": {"name": call[0], "arguments": dict(call[1])}}]} if call else {}
    if body.get("stream") is False:
        return _json({**said(text, **calls), **end})
    events = [said("", **calls)] if calls else [said(each) for each in _cut(text, piece)]
    return Reply(headers=LINES, chunks=[json.dumps(each).encode() + b"\n" for each in [*events, {**said(""), **end}]])


def _cohere(request: Received, text: str, call: Any, piece: int, usage: Usage) -> Reply:
    counts = {"input_tokens": usage.input_total, "output_tokens": usage.output_total}
    told = {"usage": {"billed_units": counts, "tokens": counts}}
    number = request.number
    asked: _Object = {"id": f"{call[0]}_{number}", "type": "function"} if call else {}
    if not request.streamed:
        content = {"content": [{"type": "text", "text": text}]}
        calls = (
            {"tool_calls": [{**asked, "function": {"name": call[0], "arguments": json.dumps(call[1])}}]} if call else {}
        )
        end = {"id": f"c{number}", "finish_reason": "TOOL_CALL" if call else "COMPLETE"}
        return _json({**end, "message": {"role": "assistant", **(calls or content)}, **told})

    def events() -> Iterator[_Object]:
        yield {"type": "message-start", "id": f"c{number}", "delta": {"message": {"role": "assistant", "content": []}}}
        if call:
            begin = {**asked, "function": {"name": call[0], "arguments": ""}}
            yield {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": begin}}}
            for each in _cut(json.dumps(call[1]), piece):
                delta = {"message": {"tool_calls": {"function": {"arguments": each}}}}
                yield {"type": "tool-call-delta", "index": 0, "delta": delta}
            yield {"type": "tool-call-end", "index": 0}
        else:
            begin = {"message": {"content": {"type": "text", "text": ""}}}
            yield {"type": "content-start", "index": 0, "delta": begin}
            for each in _cut(text, piece):
                yield {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": each}}}}
            yield {"type": "content-end", "index": 0}
        yield {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL" if call else "COMPLETE", **told}}

    frames = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events()]
    return Reply(headers=STREAM, chunks=frames)


_OWN: Mapping[str, Callable[[Received, str, Any, int, Usage], Reply]] = {
    "gemini": _gemini,
    "ollama": _ollama,
    "cohere": _cohere,
}


def _error(api: str, status: int, message: str) -> _Object:
    if api == "gemini":
        return {"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}
    if api == "anthropic":
        return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    if api == "ollama":
        return {"error": message}
    if api == "cohere":
        return {"message": message}
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _json(answer: _Object) -> Reply:
    return Reply(chunks=[json.dumps(answer).encode()])


def _cut(text: str, piece: int) -> Sequence[str]:
    return [text[start : start + piece] for start in range(0, len(text), piece)]
