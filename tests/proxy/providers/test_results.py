"""The tool results of a request are found in whatever shape they come, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.providers.dialects import DIALECTS
from proxy.providers.results import NO_ID, TEXT_LIMIT, tool_results
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.tool_results import ToolResult, spelling_of


def block(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, []),
        ({"messages": "hello", "input": "hello"}, []),
        ({"messages": [3, None, {"role": "user", "content": "call_1"}]}, []),
        ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": "x"}]}, [("c1", "x")]),
        ({"messages": [{"role": "tool", "content": "x"}]}, [(NO_ID, "x")]),
        ({"messages": [{"role": "tool", "tool_call_id": 7, "content": None}]}, [(NO_ID, "")]),
        ({"messages": [{"role": "function", "name": "f", "content": "x"}]}, [(NO_ID, "x")]),
        (
            {"messages": [{"role": "tool", "tool_call_id": "c1", "content": [block("text", text="x")]}]},
            [("c1", "x")],
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "c1", "content": [block("text", text="x")] * 2}]},
            [("c1", "")],
        ),
        ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": [block("image")]}]}, [("c1", "")]),
        ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": ["x"]}]}, [("c1", "")]),
        ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": "x" * (TEXT_LIMIT + 1)}]}, [("c1", "")]),
        ({"input": [block("function_call_output", call_id="c1", output="x")]}, [("c1", "x")]),
        ({"input": [block("custom_tool_call_output", call_id="c1", output="x")]}, [("c1", "x")]),
        ({"input": [block("function_call", call_id="c1", arguments="{}")]}, []),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [block("tool_use", id="t1", input={})]},
                    {"role": "user", "content": [block("text", text="y"), block("tool_result", tool_use_id="t1")]},
                    {"role": "user", "content": [block("tool_result", tool_use_id="t2", content="x", is_error=True)]},
                ]
            },
            [("t1", ""), ("t2", "x")],
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "u1", "input": {}}}]},
                    {
                        "role": "user",
                        "content": [
                            {"toolResult": {"toolUseId": "u1", "content": [{"text": "x"}], "status": "success"}},
                            {"toolResult": {"toolUseId": "u2", "content": [{"json": {"a": 1}}]}},
                            {"type": "tool_result", "tool_use_id": "t1", "toolResult": {"toolUseId": "u3"}},
                        ],
                    },
                ]
            },
            [("u1", "x"), ("u2", ""), ("t1", ""), ("u3", "")],
        ),
    ],
)
def test_every_result_is_found(fields: Any, found: list[tuple[str, str]]) -> None:
    assert [(result.id, result.text) for result in tool_results(fields)] == found


INVALID = 'Validation failed for tool "exec":\n  - x\n\nReceived arguments:\n{}'


@pytest.mark.parametrize(
    ("asked", "told", "arguments"),
    [
        (
            {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"arguments": '{"a": 1}'}}]},
            {"role": "tool", "tool_call_id": "c1", "content": INVALID},
            {"a": 1},
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"arguments": "{"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": INVALID},
            None,
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "c1"}]},
            {"role": "tool", "tool_call_id": "c1", "content": INVALID},
            None,
        ),
        (
            block("function_call", call_id="c1", arguments='{"a": 1}'),
            block("function_call_output", call_id="c1", output=INVALID),
            {"a": 1},
        ),
        (
            {"role": "assistant", "content": [block("tool_use", id="c1", input={"a": 1})]},
            {"role": "user", "content": [block("tool_result", tool_use_id="c1", content=INVALID)]},
            {"a": 1},
        ),
        (
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "exec", "input": {"a": 1}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": INVALID}]}}]},
            {"a": 1},
        ),
    ],
)
def test_a_refusal_of_arguments_comes_with_them(asked: Any, told: Any, arguments: Any) -> None:
    assert tool_results({"messages": [asked, told]}) == (ToolResult("c1", INVALID, arguments),)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [{}, {"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}])
def test_each_dialect_tells_them(name: str, stream: dict[str, Any]) -> None:
    messages = [{"role": "tool", "tool_call_id": "c1", "content": "x"}]
    body = json.dumps({"model": "m", "messages": messages, **stream}).encode()
    assert DIALECTS[name].prepare(body, Operation(Purpose.TURN)).results == (ToolResult("c1", "x"),)


def gemini(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": "go"}]}, *({"parts": [part]} for part in parts)]}


def called(name: str, args: Any, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args, **more}}


def responded(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {"output": text}, **more}}


def asked(name: str, arguments: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]}


LS = spelling_of("exec", {"command": "ls"})
PWD = spelling_of("exec", {"command": "pwd"})
READ = spelling_of("read", {})


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (gemini(called("exec", {"command": "ls"}, id="c1"), responded("exec", "x", id="c1")), [("c1", "x")]),
        (gemini(called("exec", {"command": "ls"}), responded("exec", "x")), [(LS, "x")]),
        (gemini(called("exec", {"command": "ls"}, id="c1"), responded("exec", "x")), [(LS, "x")]),
        (gemini(responded("exec", "x"), called("exec", {"command": "ls"})), [(NO_ID, "x")]),
        (gemini(called("exec", {"command": "ls"}), responded("read", "x")), [(NO_ID, "x")]),
        (
            gemini(called("exec", {"command": "ls"}), responded("exec", "x"), responded("exec", "y")),
            [(LS, "x"), ("", "y")],
        ),
        (
            gemini(
                called("read", {}),
                called("exec", {"command": "ls"}),
                called("exec", {"command": "pwd"}),
                responded("exec", "a"),
                responded("exec", "b"),
                responded("read", "c"),
            ),
            [(LS, "a"), (PWD, "b"), (READ, "c")],
        ),
        (  # an earlier round's call that nobody has answered is not answered by a later one's result
            gemini(
                called("exec", {"command": "ls"}),
                called("read", {}),
                responded("read", "a"),
                called("exec", {"command": "pwd"}),
                responded("exec", "b"),
            ),
            [(READ, "a"), (PWD, "b")],
        ),
        (
            {
                "contents": {
                    "parts": [{"function_call": {"name": "read", "args": {}}}, {"function_response": {"name": "read"}}]
                }
            },
            [(READ, "")],
        ),
        (
            {"contents": {"parts": {"functionResponse": {"id": "c1", "response": {"output": "x", "more": 1}}}}},
            [("c1", "")],
        ),
        ({"contents": [{"parts": [{"functionResponse": {"id": "c1", "response": "x"}}]}]}, [("c1", "")]),
        (gemini(called("exec", {"n": 2**60}), responded("exec", "x")), [(NO_ID, "x")]),
        (
            {"messages": [asked("exec", {"command": "ls"}), {"role": "tool", "tool_name": "exec", "content": "x"}]},
            [(LS, "x")],
        ),
        ({"messages": [asked("exec", {"command": "ls"}), {"role": "tool", "content": "x"}]}, [(LS, "x")]),
        ({"messages": [asked("exec", '{"command": "ls"}'), {"role": "tool", "content": "x"}]}, [(LS, "x")]),
        (
            {
                "messages": [
                    asked("exec", {}),
                    {"role": "tool", "tool_call_id": "c9", "tool_name": "exec", "content": "x"},
                ]
            },
            [("c9", "x")],
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "function_call": {"name": "exec", "arguments": '{"command":"ls"}'}},
                    {"role": "function", "name": "exec", "content": "x"},
                ]
            },
            [(LS, "x")],
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": [block("tool_use", id="t1", name="exec", input={"command": "ls"})],
                    },
                    {"role": "user", "content": [block("tool_result", content="x")]},
                ]
            },
            [(NO_ID, "x")],
        ),
    ],
)
def test_where_an_api_has_no_ids_a_result_goes_by_its_call(fields: Any, found: list[tuple[str, str]]) -> None:
    assert [(result.id, result.text) for result in tool_results(fields)] == found


def _of(command: str) -> dict[str, Any]:
    return {"call": {"name": "exec", "parameters": {"command": command}}, "outputs": [{"said": "x"}]}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"message": "m", "tool_results": [_of("ls"), _of("pwd")]}, [LS, PWD]),
        ({"chat_history": [{"role": "TOOL", "tool_results": [_of("ls")]}], "tool_results": [_of("pwd")]}, [LS, PWD]),
        ({"tool_results": [{"call": 3, "outputs": []}, {"call": {"name": "exec"}}, 3], "chat_history": [{}]}, []),
    ],
)
def test_results_that_repeat_their_calls_go_by_them(fields: Any, found: list[str]) -> None:
    results = DIALECTS["bedrock"].prepare(json.dumps(fields).encode(), Operation(Purpose.TURN, "m-1")).results
    assert [result.id for result in results] == found


def test_arguments_that_were_refused_come_along_without_an_id() -> None:
    fields = gemini(called("exec", {"a": 1}), responded("exec", INVALID))
    assert tool_results(fields) == (ToolResult(spelling_of("exec", {"a": 1}), INVALID, {"a": 1}),)
