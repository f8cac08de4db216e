"""The tool results of a request are found in whatever shape they come, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.providers.dialects import DIALECTS
from proxy.providers.results import NO_ID, TEXT_LIMIT, tool_results
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.tool_results import ToolResult


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
