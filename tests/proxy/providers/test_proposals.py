"""The tool calls that a response proposes, in every provider's shape, whole and in events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.dialects import part_of
from proxy.providers.editor import EventEditor
from proxy.providers.framing import Lines, Sse
from proxy.providers.openai import OpenAiShape
from proxy.providers.proposals import ARGUMENTS, CALLS, Proposals, proposed_in
from proxy.providers.results import NO_ID
from safety_core.canonical import Json
from safety_core.cli.demo.model import Received
from safety_core.model.tool_call import ProposedCall
from tests.simulators.bedrock import Bedrock
from tests.simulators.prompt_world import SECRETS, redactor
from tests.simulators.providers import call_tool

PASSWORD = next(iter(SECRETS.values()))
READ = ProposedCall("call_1", "read", {"path": "menu.txt"})
NAMELESS = ProposedCall(NO_ID, "read", {"path": "menu.txt"})
TEXT = '{"path": "menu.txt"}'


def function(arguments: Json, **names: Json) -> dict[str, Json]:
    return {"function": {"name": "read", "arguments": arguments}, **names}


def message(*calls: Json) -> dict[str, Json]:
    return {"role": "assistant", "content": None, "tool_calls": [*calls]}


def choice(where: str, content: Json, *, index: int = 0, finish: str | None = None) -> Json:
    return {"choices": [{"index": index, where: content, "finish_reason": finish}]}


WHOLE: dict[str, tuple[Json, ProposedCall]] = {
    "chat": (choice("message", message(function(TEXT, id="call_1")), finish="tool_calls"), READ),
    "chat, before tools": (
        choice("message", {"function_call": {"name": "read", "arguments": TEXT}}, finish="function_call"),
        NAMELESS,
    ),
    "chat, custom": (
        choice("message", message({"id": "call_1", "type": "custom", "custom": {"name": "sh", "input": "ls -l"}})),
        ProposedCall("call_1", "sh", {"input": "ls -l"}),
    ),
    "responses": (
        {"output": [{"type": "function_call", "call_id": "call_1", "id": "fc_1", "name": "read", "arguments": TEXT}]},
        READ,
    ),
    "responses, custom": (
        {"output": [{"type": "custom_tool_call", "call_id": "call_1", "name": "sh", "input": '{"a": 1}'}]},
        ProposedCall("call_1", "sh", {"input": '{"a": 1}'}),
    ),
    "responses, shell": (
        {"output": [{"type": "local_shell_call", "call_id": "call_1", "action": {"command": ["ls"]}}]},
        ProposedCall("call_1", "local_shell", {"action": {"command": ["ls"]}}),
    ),
    "anthropic": (
        {"content": [{"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "menu.txt"}}]},
        READ,
    ),
    "anthropic, a line of a batch's results": (
        {
            "custom_id": "c",
            "result": {
                "type": "succeeded",
                "message": {"content": [{"type": "tool_use", "id": "call_1", "name": "read", "input": {}}]},
            },
        },
        ProposedCall("call_1", "read", {}),
    ),
    "gemini": (
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "read", "args": {"path": "menu.txt"}}}]}}]},
        NAMELESS,
    ),
    "gemini, with an id": (
        [{"candidates": [{"content": {"parts": [{"functionCall": {"id": "call_1", "name": "read", "args": {}}}]}}]}],
        ProposedCall("call_1", "read", {}),
    ),
    "gemini, in parts": (
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "read", "willContinue": True}}]}}]},
        ProposedCall("", "read", None),
    ),
    "ollama": ({"message": message(function({"path": "menu.txt"})), "done": False}, NAMELESS),
    "cohere": ({"message": message(function(TEXT, id="call_1")), "finish_reason": "TOOL_CALL"}, READ),
    "cohere, first version": ({"tool_calls": [{"name": "read", "parameters": {"path": "menu.txt"}}]}, NAMELESS),
    "converse": (
        {
            "output": {
                "message": {
                    "content": [{"toolUse": {"toolUseId": "call_1", "name": "read", "input": {"path": "menu.txt"}}}]
                }
            }
        },
        READ,
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_response_tells_its_calls(name: str) -> None:
    document, expected = WHOLE[name]
    assert proposed_in(document) == (expected,)


def block(kind: str, **fields: Json) -> Json:
    return {"type": f"content_block_{kind}", "index": 1, **fields}


def item(kind: str, **fields: Json) -> Json:
    told = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "read", "arguments": "", **fields}
    return {"type": f"response.output_item.{kind}", "output_index": 0, "item": told}


def cohere(kind: str, **calls: Json) -> Json:
    return {"type": f"tool-call-{kind}", "index": 0, "delta": {"message": {"tool_calls": calls}}}


ANTHROPIC = [
    block("start", content_block={"type": "tool_use", "id": "call_1", "name": "read", "input": {}}),
    block("delta", delta={"type": "input_json_delta", "partial_json": TEXT[:9]}),
    block("delta", delta={"type": "input_json_delta", "partial_json": TEXT[9:]}),
]
ITEM_DELTA = {"type": "response.function_call_arguments.delta", "output_index": 0, "item_id": "fc_1", "delta": TEXT}
CONVERSE = [
    {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "call_1", "name": "read"}}},
    {"contentBlockIndex": 1, "delta": {"toolUse": {"input": TEXT[:5]}}},
    {"contentBlockIndex": 1, "delta": {"toolUse": {"input": TEXT[5:]}}},
    {"contentBlockIndex": 1},
]

STREAMS: dict[str, tuple[list[Json], list[ProposedCall]]] = {
    "chat": (
        [
            choice("delta", message({**function(TEXT[:7], id="call_1"), "index": 0})),
            choice("delta", {"tool_calls": [{"index": 0, "function": {"arguments": TEXT[7:]}}]}),
            choice("delta", {"tool_calls": [{**function("{}", id="call_2"), "index": 1}]}),
            choice("delta", {}, finish="tool_calls"),
        ],
        [READ, ProposedCall("call_2", "read", {})],
    ),
    "chat, every call at the same index": (
        [
            choice("delta", message({**function(TEXT, id="call_1"), "index": 0})),
            choice("delta", message({**function("", id="call_2"), "index": 0})),
            choice("delta", {}, finish="tool_calls"),
        ],
        [READ, ProposedCall("call_2", "read", {})],
    ),
    "chat, before tools": (
        [
            choice("delta", {"function_call": {"name": "read", "arguments": ""}}),
            choice("delta", {"function_call": {"arguments": TEXT}}),
            choice("delta", {}, finish="function_call"),
        ],
        [NAMELESS],
    ),
    "responses": ([item("added"), ITEM_DELTA, item("done", arguments=TEXT)], [READ]),
    "responses, told again at the end": (
        [
            item("added"),
            ITEM_DELTA,
            item("done", arguments=TEXT),
            {
                "type": "response.completed",
                "response": {
                    "output": [{"type": "function_call", "call_id": "call_1", "name": "read", "arguments": TEXT}]
                },
            },
        ],
        [READ],
    ),
    "responses, only the end": (
        [
            {
                "type": "response.completed",
                "response": {
                    "output": [{"type": "function_call", "call_id": "call_1", "name": "read", "arguments": TEXT}]
                },
            }
        ],
        [READ],
    ),
    "anthropic": ([*ANTHROPIC, block("stop")], [READ]),
    "converse": (CONVERSE, [READ]),
    "converse, by name": (
        [
            {name: event}
            for name, event in zip(
                ("contentBlockStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop"),
                CONVERSE,
                strict=True,
            )
        ],
        [READ],
    ),
    "cohere": (
        [
            cohere("start", **function("", id="call_1")),
            cohere("delta", function={"arguments": TEXT}),
            {"type": "tool-call-end", "index": 0},
        ],
        [READ],
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_tells_a_call_with_the_event_that_completes_it(name: str) -> None:
    events, expected = STREAMS[name]
    found = Proposals()
    told = []
    for number, event in enumerate(events):
        assert found.concern(json.dumps(event)) or number + 1 == len(events)
        found.add(event)
        told += found.take()
    assert told == expected
    found.end()
    assert found.take() == ()


def test_a_stream_that_is_cut_tells_what_there_is() -> None:
    found = Proposals()
    for event in ANTHROPIC[:2]:
        found.add(event)
    found.end()
    (call,) = found.take()
    assert (call.id, call.arguments, call.params) == ("call_1", TEXT[:9], None)
    found = Proposals()
    for event in (item("added"), ITEM_DELTA):
        found.add(event)
    found.end()
    assert found.take() == (READ,)


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [("", {}), (" ", {}), (None, {}), ("[1]", [1]), ("null", "null"), ('{"a":1,"a":2}', '{"a":1,"a":2}'), ("{", "{")],
)
def test_arguments_that_no_host_could_take_are_kept_as_they_came(arguments: Json, parsed: Json) -> None:
    (call,) = proposed_in(choice("message", message(function(arguments, id="c"))))
    assert call.arguments == parsed
    assert call.params == (parsed if isinstance(parsed, dict) else None)


@pytest.mark.parametrize(
    "document",
    [
        {"content": [{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}]},
        {"output": [{"type": "mcp_call", "id": "m", "name": "x", "arguments": "{}"}, {"type": "web_search_call"}]},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use", "name": "x"}},
        choice("message", message(function("{}") | {"function": {"name": "x" * 201}})),
        {"error": {"message": "tool"}},
    ],
)
def test_what_the_agent_s_host_is_not_to_run_is_no_call(document: Json) -> None:
    assert proposed_in(document) == ()


def test_too_much_is_told_by_name_and_too_many_not_at_all() -> None:
    large = message(function(json.dumps({"text": "x" * ARGUMENTS}), id="a"), function("{}", id="b"))
    assert [call.arguments for call in proposed_in(choice("message", large))] == [None, None]
    nested = {"message": message(function({"rows": [{"cell": "y" * 9000}] * 200}))}
    assert proposed_in(nested) == (ProposedCall("", "read", None),)
    many = message(*(function("{}", id=f"c{number}") for number in range(CALLS + 9)))
    assert len(proposed_in(choice("message", many))) == CALLS


NAMES = [
    *("choices", "message", "delta", "tool_calls", "function_call", "function", "name", "arguments", "id", "index"),
    *("content", "parts", "type", "candidates", "functionCall", "output", "item", "response", "toolUse", "start"),
    *("contentBlockIndex", "content_block", "call_id", "args", "input", "finish_reason"),
]
TYPES = ("tool_use", "content_block_start", "response.output_item.done", "tool-call-start", "function_call")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(TYPES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=25,
)


@given(st.lists(JSON, max_size=4))
def test_nothing_that_a_provider_sends_stops_a_stream(documents: list[Any]) -> None:
    found = Proposals()
    for document in documents:
        found.add(document)
    found.end()
    assert len(found.take()) <= CALLS


def test_the_editor_collects_the_calls_as_the_client_sees_them_however_the_bytes_are_cut() -> None:
    arguments = json.dumps({"command": f"login {PASSWORD}"})
    events = [
        choice("delta", message({**function(arguments[:21], id="call_1"), "index": 0})),
        choice("delta", {"tool_calls": [{"index": 0, "function": {"arguments": arguments[21:]}}]}),
        choice("delta", {}, finish="tool_calls"),
    ]
    raw = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
    for size in (1, 7, 64, len(raw)):
        editor = EventEditor(redactor(), OpenAiShape(), Sse())
        parts = [editor.feed(raw[start : start + size]) for start in range(0, len(raw), size)]
        calls = [call for part in [*parts, editor.end()] for call in part.calls]
        assert calls == [ProposedCall("call_1", "read", {"command": "login SECRET_REF(DB_PASSWORD)"})]


def test_a_call_is_there_before_the_bytes_after_which_its_host_may_act() -> None:
    editor = EventEditor(redactor(), OpenAiShape(), Sse())
    event = choice("delta", message({**function(TEXT, id="call_1"), "index": 0}))
    assert editor.feed(b"data: %s\n\n" % json.dumps(event).encode()).calls == ()
    assert editor.feed(b"data: [DONE]\n\n").calls == (READ,), "no finish_reason, as some providers do it"
    editor = EventEditor(redactor(), OpenAiShape(), Lines())
    assert editor.feed(json.dumps(event).encode() + b"\n").calls == ()
    assert editor.end().calls == (READ,)


ARGUED = {"command": f"login {PASSWORD}", "n": 1}
SEEN = {"command": "login SECRET_REF(DB_PASSWORD)", "n": 1}
ASKS: dict[str, tuple[str, str, bytes]] = {
    "openai": ("openai", "/v1/chat/completions", b'{"model":"m"%s}'),
    "responses": ("openai", "/v1/responses", b'{"model":"m"%s}'),
    "anthropic": ("anthropic", "/v1/messages", b'{"model":"m"%s}'),
    "gemini": ("gemini", "/v1beta/models/m:streamGenerateContent?alt=sse", b"{}"),
    "gemini, an array": ("gemini", "/v1beta/models/m:streamGenerateContent", b"{}"),
    "gemini, whole": ("gemini", "/v1beta/models/m:generateContent", b"{}"),
    "ollama": ("ollama", "/api/chat", b'{"model":"m"%s}'),
    "cohere": ("cohere", "/v2/chat", b'{"model":"m"%s}'),
    "bedrock": ("bedrock", "/model/m/converse-stream", b"{}"),
    "bedrock, whole": ("bedrock", "/model/m/converse", b"{}"),
}


@pytest.mark.parametrize("stream", [b',"stream":true', b',"stream":false'])
@pytest.mark.parametrize("name", ASKS)
def test_every_provider_s_answer_tells_its_call_through_the_editor_of_its_own(name: str, stream: bytes) -> None:
    dialect, target, body = ASKS[name]
    received = Received(1, "POST", target, (), body % stream if b"%s" in body else body)
    script = Bedrock(call=ARGUED, signed=False) if dialect == "bedrock" else call_tool("exec", ARGUED)
    reply = script(received)
    raw = b"".join(chunk for chunk in reply.chunks if isinstance(chunk, bytes))
    api = part_of(dialect, "POST", target.partition("?")[0])
    assert api is not None
    editor = api.editor(redactor(), dict(reply.headers)["content-type"], hide_usage=False)
    if editor is None:
        found = proposed_in(json.loads(redactor().body(raw, "application/json").raw))
    else:
        edits = [editor.feed(raw[start : start + 50]) for start in range(0, len(raw), 50)]
        found = tuple(call for edited in [*edits, editor.end()] for call in edited.calls)
    assert [(call.tool, call.arguments) for call in found] == [("exec", SEEN)]
    assert bool(found[0].id) is (dialect not in {"gemini", "ollama"})
