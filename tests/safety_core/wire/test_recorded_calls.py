"""Recorded calls are read from what several programs write, each line by itself."""

from __future__ import annotations

import json

import pytest

from safety_core.errors import InputError
from safety_core.model.tool_call import Hint
from safety_core.wire.recorded_calls import RecordedCall, recorded_calls


def read(*lines: object) -> list[RecordedCall | InputError]:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
    return [*recorded_calls(raw, "calls", "/srv/agent")]


def block(id_: str, command: str) -> dict[str, object]:
    return {"type": "toolCall", "id": id_, "name": "exec", "arguments": {"command": command}}


def message(*content: object, role: str = "assistant") -> dict[str, object]:
    return {"type": "message", "id": "e1", "message": {"role": role, "content": list(content)}}


def test_a_plain_call_is_taken_as_classify_takes_it() -> None:
    told = {"id": "7", "tool": "exec", "params": {"command": "ls"}, "agent": "helper"}
    assert read(told, b"\n", {"tool": "exec", "params": {}}) == [
        RecordedCall("calls:1 7", "helper", "calls:1", "exec", {"command": "ls"}),
        RecordedCall("calls:3", "main", "calls:3", "exec", {}),
    ]


def test_what_the_tool_says_of_itself_is_recorded_where_it_is_graver() -> None:
    (found,) = read({"tool": "exec", "params": {}, "hints": {"readOnlyHint": True, "destructiveHint": True}})
    assert isinstance(found, RecordedCall)
    assert found.hints == {Hint.DESTRUCTIVE}


def test_the_same_plain_call_twice_is_two_calls() -> None:
    told = {"id": "7", "tool": "exec", "params": {}, "session": "s"}
    assert len(read(told, told)) == 2


def test_a_session_file_is_read_for_its_calls() -> None:
    found = read(
        {"type": "session", "id": "s1", "cwd": "/srv"},
        {"type": "model_change", "id": "e0"},
        message({"type": "text", "text": "I look"}, block("t1", "ls"), block("t2", "rm a")),
        message(block("t3", "id"), role="user"),
        {"type": "message", "message": {"role": "assistant", "content": "only text"}},
        {"type": "message", "message": {"role": "assistant"}},
        message({"type": "toolCall", "id": "t4", "name": "exec"}),
    )
    assert found == [
        RecordedCall("t1", "main", "s1", "exec", {"command": "ls"}),
        RecordedCall("t2", "main", "s1", "exec", {"command": "rm a"}),
    ]


def test_a_trajectory_is_read_for_its_calls_once_each() -> None:
    call = {"toolCallId": "t1", "name": "exec", "arguments": {"command": "ls"}}
    event = {"traceSchema": "openclaw-trajectory", "type": "tool.call", "sessionKey": "agent:shop:main", "data": call}
    found = read(
        event,
        {**event, "source": "transcript"},
        {**event, "sessionKey": "cron", "data": {**call, "toolCallId": "t2"}},
        {**event, "sessionKey": "agent:", "data": {**call, "toolCallId": "t3"}},
        {"traceSchema": "openclaw-trajectory", "type": "prompt.submitted", "data": {}},
        {"traceSchema": "openclaw-trajectory", "type": "tool.call"},
    )
    assert found == [
        RecordedCall("t1", "shop", "agent:shop:main", "exec", {"command": "ls"}),
        RecordedCall("t2", "main", "cron", "exec", {"command": "ls"}),
        RecordedCall("t3", "main", "agent:", "exec", {"command": "ls"}),
    ]


def test_the_workspace_stands_where_an_exported_trajectory_has_left_it_out() -> None:
    arguments = {"command": "rm $WORKSPACE_DIR/a", "env": {"A": ["$WORKSPACE_DIR"]}, "timeout": 5}
    call = {"toolCallId": "t1", "name": "exec", "arguments": arguments}
    event = {"traceSchema": "openclaw-trajectory", "type": "tool.call", "sessionKey": "agent:main:a", "data": call}
    [found] = read(event)
    assert isinstance(found, RecordedCall)
    assert found.params == {"command": "rm /srv/agent/a", "env": {"A": ["/srv/agent"]}, "timeout": 5}


def test_an_id_that_comes_again_with_another_call_is_another_call() -> None:
    assert len(read(message(block("t1", "ls")), message(block("t1", "ls")), message(block("t1", "rm a")))) == 2


@pytest.mark.parametrize(
    "line", [b"nonsense\n", {"command": "ls"}, {"tool": "exec"}, {"tool": 1, "params": {}}, message("no block")]
)
def test_a_line_that_is_no_call_is_named_and_the_next_one_read(line: object) -> None:
    wrong, right = read(line, {"tool": "exec", "params": {}})
    assert isinstance(wrong, InputError)
    assert wrong.thing.startswith("calls:1")
    assert isinstance(right, RecordedCall)
