"""A secret that a provider or a tool echoes: taken out of every place of a response, whole or streamed, in every API.

"@" stands for the secret; where it is streamed in two pieces, "@<" and "@>" stand for its halves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from proxy.providers.dialects import part_of
from proxy.providers.proposals import proposed_in
from safety_core.flow.dialect import Dialect
from safety_core.wire import aws_events
from tests.safety_core.flow.prompts import CONTEXT, PASSWORD, STREAM_TYPE, done, prompt
from tests.simulators.bedrock import event
from tests.simulators.prompt_world import PromptWorld

REF = "SECRET_REF(DB_PASSWORD)"
HALF = len(PASSWORD) // 2
LOOKING = replace(CONTEXT, calls=proposed_in)
PATHS = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent",
    "gemini stream": "/v1beta/models/m:streamGenerateContent",
    "ollama": "/api/chat",
    "cohere": "/v2/chat",
    "bedrock": "/model/m/converse",
}


def dialect(api: str) -> Dialect:
    name = {"responses": "openai"}.get(api.partition(" ")[0], api.partition(" ")[0])
    found = part_of(name, "POST", PATHS[api])
    assert found is not None
    return found


def message(**fields: Any) -> Any:
    return {"choices": [{"index": 0, "message": {"role": "assistant", **fields}, "finish_reason": "stop"}]}


def tool(arguments: Any, **more: Any) -> Any:
    return {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "x", "arguments": arguments}, **more}]}


def tokens(text: str) -> Any:
    told = [{"token": sign, "bytes": [*sign.encode()], "logprob": -1, "top_logprobs": []} for sign in text]
    return {"content": told}


def output(**item: Any) -> Any:
    return {"object": "response", "output": [item]}


def block(**fields: Any) -> Any:
    return {"type": "message", "role": "assistant", "content": [fields]}


def part(**fields: Any) -> Any:
    return {"candidates": [{"content": {"parts": [fields]}, "finishReason": "STOP"}]}


def piece(**fields: Any) -> Any:
    return {"candidates": [{"content": {"parts": [fields]}, "index": 0}]}


def converse(**fields: Any) -> Any:
    return {"output": {"message": {"role": "assistant", "content": [fields]}}}


CITED = {"type": "url_citation", "url_citation": {"title": "about @", "url": "https://example.com/?q=@"}}
ARGUMENTS = '{"command": "login @"}'

WHOLE: dict[str, tuple[str, Any]] = {
    "chat, text": ("openai", message(content="it was @.")),
    "chat, text in parts": ("openai", message(content=[{"type": "text", "text": "it was @."}])),
    "chat, reasoning": ("openai", message(content="", reasoning_content="so @ it is")),
    "chat, reasoning in detail": ("openai", message(reasoning_details=[{"type": "reasoning.text", "text": "@"}])),
    "chat, refusal": ("openai", message(refusal="not with @")),
    "chat, tool arguments": ("openai", message(**tool(ARGUMENTS))),
    "chat, tool name": ("openai", message(**tool("{}", note="@"))),
    "chat, legacy arguments": ("openai", message(function_call={"name": "x", "arguments": ARGUMENTS})),
    "chat, citations": ("openai", message(content="see there", annotations=[CITED])),
    "chat, transcript": ("openai", message(audio={"id": "a", "data": "", "transcript": "@"})),
    "chat, a field nobody knows": ("openai", {**message(content="hi"), "vendor": {"debug": ["seen @"]}}),
    "chat, a key": ("openai", {**message(content="hi"), "metadata": {"@": 1}}),
    "chat, an error": ("openai", {"error": {"message": "Incorrect API key provided: @", "type": "x"}}),
    "completions": ("openai", {"choices": [{"index": 0, "text": "it was @", "finish_reason": "stop"}]}),
    "responses, text": ("responses", output(type="message", content=[{"type": "output_text", "text": "@"}])),
    "responses, refusal": ("responses", output(type="message", content=[{"type": "refusal", "refusal": "@"}])),
    "responses, summary": ("responses", output(type="reasoning", summary=[{"type": "summary_text", "text": "@"}])),
    "responses, arguments": ("responses", output(type="function_call", call_id="c", name="x", arguments=ARGUMENTS)),
    "responses, custom input": ("responses", output(type="custom_tool_call", call_id="c", name="x", input="log @")),
    "responses, what a tool of theirs said": ("responses", output(type="mcp_call", output="@", arguments="{}")),
    "responses, code": ("responses", output(type="code_interpreter_call", code="login('@')", outputs=[])),
    "responses, instructions": ("responses", {**output(type="message", content=[]), "instructions": "use @"}),
    "anthropic, text": ("anthropic", block(type="text", text="it was @.")),
    "anthropic, thinking": ("anthropic", block(type="thinking", thinking="so @", signature="")),
    "anthropic, input": ("anthropic", block(type="tool_use", id="t", name="x", input={"deep": [{"in": "log @"}]})),
    "anthropic, a key of input": ("anthropic", block(type="tool_use", id="t", name="x", input={"@": True})),
    "anthropic, citations": (
        "anthropic",
        block(type="text", text="see", citations=[{"type": "char_location", "cited_text": "@", "document_index": 0}]),
    ),
    "anthropic, what a tool of theirs found": (
        "anthropic",
        block(type="web_search_tool_result", tool_use_id="s", content=[{"type": "web_search_result", "title": "@"}]),
    ),
    "anthropic, an error": ("anthropic", {"type": "error", "error": {"type": "invalid_request_error", "message": "@"}}),
    "gemini, text": ("gemini", part(text="it was @.")),
    "gemini, thought": ("gemini", part(text="so @", thought=True)),
    "gemini, arguments": ("gemini", part(functionCall={"name": "x", "args": {"command": ["login", "@"]}})),
    "gemini, code and what it printed": ("gemini", part(codeExecutionResult={"outcome": "OUTCOME_OK", "output": "@"})),
    "gemini, citations": (
        "gemini",
        {"candidates": [{"citationMetadata": {"citationSources": [{"uri": "https://example.com/@"}]}}]},
    ),
    "gemini, blocked": ("gemini", {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "for @"}}),
    "gemini, an error": ("gemini", {"error": {"code": 400, "message": "no @", "status": "INVALID_ARGUMENT"}}),
    "ollama, text": ("ollama", {"message": {"role": "assistant", "content": "@"}, "done": True}),
    "ollama, thinking": ("ollama", {"message": {"role": "assistant", "content": "", "thinking": "@"}, "done": True}),
    "ollama, arguments": ("ollama", {"message": tool({"command": "@"}), "done": True}),
    "ollama, an error": ("ollama", {"error": "no @"}),
    "cohere, text": ("cohere", {"message": {"content": [{"type": "text", "text": "@"}]}}),
    "cohere, plan and arguments": ("cohere", {"message": {"tool_plan": "use @", **tool(ARGUMENTS)}}),
    "cohere, citations": ("cohere", {"message": {"citations": [{"text": "@", "sources": [{"document": {"a": "@"}}]}]}}),
    "converse, text": ("bedrock", converse(text="it was @.")),
    "converse, reasoning": ("bedrock", converse(reasoningContent={"reasoningText": {"text": "@"}})),
    "converse, input": ("bedrock", converse(toolUse={"toolUseId": "t", "name": "x", "input": {"command": "@"}})),
    "converse, citations": ("bedrock", converse(citationsContent={"citations": [{"title": "@"}], "content": []})),
    "converse, an error": ("bedrock", {"message": "no @"}),
}

LEFT_OUT = {"gemini, citations", "cohere, citations"}
"""Places that tell again where a text stands; they are left out once the text has changed."""


def spoken(document: Any, secret: str = PASSWORD) -> Any:
    """Put the secret where the signs are."""
    text = json.dumps(document).replace("@<", secret[:HALF]).replace("@>", secret[HALF:]).replace("@", secret)
    return json.loads(text)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string of a document under the name beside it, names and numbers of bytes included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield "a key", key
            yield from leaves(inner, key)
    elif isinstance(value, list):
        if value and all(isinstance(item, int) and 0 <= item < 256 for item in value):
            yield name, bytes(value).decode("utf-8", "replace")
        for item in value:
            yield from leaves(item, name)
    elif isinstance(value, str):
        yield name, value


def told(*documents: Any) -> dict[str, str]:
    """Return what a client puts together of all strings under one name."""
    found: dict[str, str] = defaultdict(str)
    for document in documents:
        for name, text in leaves(document):
            found[name] += text
    return found


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("name", WHOLE)
def test_an_echo_in_a_whole_response_is_taken_out(name: str, status: int) -> None:
    api, document = WHOLE[name]
    place = PromptWorld(status=status, chunks=[json.dumps(spoken(document)).encode()])
    exchange = done(place, prompt(dialect=dialect(api)), LOOKING)
    assert exchange.rule == ""
    assert PASSWORD.encode() not in place.shown
    found = told(json.loads(place.shown))
    assert not [text for text in found.values() if PASSWORD in text]
    assert [text for text in found.values() if REF in text] or name in LEFT_OUT
    assert exchange.findings
    assert PASSWORD not in str(place.weighed)


def test_log_probabilities_do_not_spell_it_out() -> None:
    document = message(content="it was @.")
    document["choices"][0]["logprobs"] = tokens(f"it was {PASSWORD}.")
    place = PromptWorld(chunks=[json.dumps(spoken(document)).encode()])
    done(place, prompt(), LOOKING)
    assert not [text for text in told(json.loads(place.shown)).values() if PASSWORD in text]


def test_an_echo_in_a_header_is_taken_out() -> None:
    for chunks, kind in (([b"{}"], b"application/json"), ([b"data: [DONE]\n\n"], b"text/event-stream")):
        headers = ((b"content-type", kind), (b"x-request-id", b"r1"), (b"x-debug", f"key={PASSWORD}".encode()))
        place = PromptWorld(headers=headers, chunks=chunks)
        done(place, prompt())
        shown = dict(place.answered[0].headers)
        assert shown[b"x-debug"] == f"key={REF}".encode()
        assert shown[b"x-request-id"] == b"r1"


def delta(**fields: Any) -> Any:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def pieces(**fields: Any) -> list[Any]:
    first = json.loads(json.dumps(fields).replace("@", "@<"))
    second = json.loads(json.dumps(fields).replace("@", "@>"))
    return [first, second]


def chat(**fields: Any) -> list[Any]:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return [*(delta(**each) for each in pieces(**fields)), end]


def streamed(kind: str, **fields: Any) -> list[Any]:
    place = {"item_id": "i", "output_index": 0, "content_index": 0, **fields}
    deltas = [{"type": f"response.{kind}.delta", **place, "delta": half} for half in ("it was @<", "@>.")]
    return [*deltas, {"type": f"response.{kind}.done", **place, "text": "it was @."}]


def blocks(kind: str, field: str, **begin: Any) -> list[Any]:
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: half}} for half in ("@<", "@>")
    ]
    return [
        {"type": "message_start", "message": {"id": "m", "content": [], "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": begin},
        *deltas,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]


def converse_stream(**halves: Any) -> list[Any]:
    deltas = [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": each}} for each in pieces(**halves)]
    stop = {"contentBlockStop": {"contentBlockIndex": 0}}
    return [{"messageStart": {"role": "assistant"}}, *deltas, stop, {"messageStop": {"stopReason": "end_turn"}}]


SAYING_ONE_TOKEN = {"choices": [{"index": 0, "delta": {"content": "@<"}, "logprobs": {"content": [{"token": "@<"}]}}]}
SAYING_ANOTHER = {"choices": [{"index": 0, "delta": {"content": "@>"}, "logprobs": {"content": [{"token": "@>"}]}}]}

STREAMS: dict[str, tuple[str, list[Any]]] = {
    "chat, text": ("openai", chat(content="@")),
    "chat, reasoning": ("openai", chat(reasoning_content="@")),
    "chat, reasoning in detail": ("openai", chat(reasoning_details=[{"index": 0, "text": "@"}])),
    "chat, refusal": ("openai", chat(refusal="@")),
    "chat, tool arguments": ("openai", chat(tool_calls=[{"index": 0, "function": {"arguments": "@"}}])),
    "chat, citations": ("openai", [delta(content="see", annotations=[CITED])]),
    "chat, a key": ("openai", [delta(content="hi", extra={"@": 1})]),
    "chat, log probabilities": ("openai", [SAYING_ONE_TOKEN, SAYING_ANOTHER, *chat(content="")]),
    "chat, an error": ("openai", [{"error": {"message": "no @", "type": "x"}}]),
    "responses, text": ("responses", streamed("output_text")),
    "responses, refusal": ("responses", streamed("refusal")),
    "responses, summary": ("responses", streamed("reasoning_summary_text", summary_index=0)),
    "responses, arguments": ("responses", streamed("function_call_arguments")),
    "responses, custom input": ("responses", streamed("custom_tool_call_input")),
    "responses, code": ("responses", streamed("code_interpreter_call_code")),
    "responses, citations": ("responses", [{"type": "response.output_text.annotation.added", "annotation": CITED}]),
    "responses, at the end": ("responses", [{"type": "response.completed", "response": output(type="x", text="@")}]),
    "responses, failed": ("responses", [{"type": "response.failed", "response": {"error": {"message": "@"}}}]),
    "anthropic, text": ("anthropic", blocks("text_delta", "text", type="text", text="")),
    "anthropic, thinking": ("anthropic", blocks("thinking_delta", "thinking", type="thinking", thinking="")),
    "anthropic, input": ("anthropic", blocks("input_json_delta", "partial_json", type="tool_use", id="t", name="x")),
    "anthropic, citations": (
        "anthropic",
        [{"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"c": "@"}}}],
    ),
    "anthropic, what a tool of theirs found": (
        "anthropic",
        [{"type": "content_block_start", "index": 0, "content_block": {"type": "r", "content": [{"title": "@"}]}}],
    ),
    "anthropic, an error": ("anthropic", [{"type": "error", "error": {"type": "x", "message": "@"}}]),
    "gemini, text": ("gemini stream", [piece(text="@<"), part(text="@>")]),
    "gemini, arguments": ("gemini stream", [part(functionCall={"name": "x", "args": {"a": "@"}})]),
    "gemini, an error": ("gemini stream", [{"error": {"code": 400, "message": "no @"}}]),
    "cohere, text": (
        "cohere",
        [
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": half}}}}
            for half in ("@<", "@>")
        ],
    ),
    "cohere, plan": (
        "cohere",
        [{"type": "tool-plan-delta", "delta": {"message": {"tool_plan": half}}} for half in ("@<", "@>")],
    ),
    "cohere, arguments": (
        "cohere",
        [
            {"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": half}}}}
            for half in pieces(arguments="@")
        ],
    ),
    "ollama, text": ("ollama", [{"message": {"content": "@<"}}, {"message": {"content": "@>"}}, {"done": True}]),
    "ollama, thinking": ("ollama", [{"message": {"thinking": "@<"}}, {"message": {"thinking": "@>"}}, {"done": True}]),
    "ollama, arguments": ("ollama", [{"message": tool({"command": "@"})}, {"done": True}]),
    "converse, text": ("bedrock", converse_stream(text="@")),
    "converse, reasoning": ("bedrock", converse_stream(reasoningContent={"text": "@"})),
    "converse, input": ("bedrock", converse_stream(toolUse={"input": "@"})),
    "converse, citations": (
        "bedrock",
        [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"citation": {"t": "@"}}}}],
    ),
}


def framed(api: str, events: list[Any]) -> tuple[tuple[tuple[bytes, bytes], ...], list[bytes]]:
    if api == "bedrock":
        frames = [event(name, payload) for each in events for name, payload in each.items()]
        return ((b"content-type", aws_events.MEDIA_TYPE.encode()),), frames
    if api == "ollama":
        return ((b"content-type", b"application/x-ndjson"),), [json.dumps(each).encode() + b"\n" for each in events]
    return STREAM_TYPE, [b"data: %s\n\n" % json.dumps(each).encode() for each in events]


def unframed(api: str, raw: bytes) -> list[Any]:
    if api == "bedrock":
        return [json.loads(message.payload) for message in aws_events.Parser().feed(raw)]
    if api == "ollama":
        return [json.loads(line) for line in raw.splitlines()]
    return [json.loads(line[6:]) for line in raw.splitlines() if line.startswith(b"data: {")]


@pytest.mark.parametrize("name", STREAMS)
def test_an_echo_in_a_stream_is_taken_out(name: str) -> None:
    api, events = STREAMS[name]
    headers, frames = framed(api, spoken(events))
    place = PromptWorld(headers=headers, chunks=frames)
    exchange = done(place, prompt(dialect=dialect(api)), LOOKING)
    assert exchange.rule == ""
    assert PASSWORD.encode() not in place.shown
    found = told(*unframed(api, bytes(place.shown)))
    assert not [text for text in found.values() if PASSWORD in text]
    assert [text for text in found.values() if REF in text], found
    assert exchange.findings


def test_one_in_a_bedrock_header_or_a_comment_ends_the_stream() -> None:
    place = PromptWorld(headers=STREAM_TYPE, chunks=[f": {PASSWORD}\n\n".encode()])
    exchange = done(place, prompt())
    assert exchange.rule == "UnscannableError"
    assert PASSWORD.encode() not in place.shown
