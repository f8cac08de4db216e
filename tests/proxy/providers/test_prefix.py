"""The same conversation has the same prefix, however its client writes it; every API's parts are found."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers import prefix as reader
from proxy.providers.prefix import PARTS, prefix_of
from proxy.providers.request import read_request
from safety_core.flow.dialect import Operation, Purpose
from safety_core.meter.prefix import DIGEST, Kept, Prefix, compare, continues


def of(**fields: Any) -> Prefix:
    found = prefix_of(fields, "m")
    assert found is not None
    return found


def sizes(found: Prefix) -> tuple[int, int, int]:
    sent = found.sent
    return len(sent.tools) // DIGEST, len(sent.system) // DIGEST, len(sent.messages) // DIGEST


USER = {"role": "user", "content": "hello"}


@pytest.mark.parametrize(
    ("fields", "parts", "names"),
    [
        ({"system": "be kind", "messages": [USER], "tools": [{"name": "exec"}]}, (1, 1, 1), ("exec",)),
        ({"system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "messages": [USER]}, (0, 2, 1), ()),
        (
            {
                "messages": [{"role": "system", "content": "s"}, {"role": "developer", "content": "d"}, USER],
                "tools": [{"type": "function", "function": {"name": "exec"}}],
            },
            (1, 2, 1),
            ("exec",),
        ),
        ({"instructions": "s", "input": "hello", "tools": [{"type": "web_search"}]}, (1, 1, 1), ("web_search",)),
        ({"input": [USER, {"type": "function_call_output"}]}, (0, 0, 2), ()),
        (
            {
                "systemInstruction": {"parts": [{"text": "a"}, {"text": "b"}]},
                "contents": [{"role": "user", "parts": []}],
                "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}],
            },
            (2, 2, 1),
            ("f", "g"),
        ),
        (
            {
                "system": [{"text": "a"}],
                "messages": [USER],
                "toolConfig": {"tools": [{"toolSpec": {"name": "f"}}, {"cachePoint": {"type": "default"}}]},
            },
            (1, 1, 1),
            ("f",),
        ),
        ({"prompt": "once", "system": ""}, (0, 0, 1), ()),
        ({"messages": [USER], "tools": [7, {}], "functions": None}, (2, 0, 1), ("", "")),
    ],
)
def test_every_apis_parts(fields: dict[str, Any], parts: tuple[int, int, int], names: tuple[str, ...]) -> None:
    assert (sizes(of(**fields)), of(**fields).names) == (parts, names)


def test_no_conversation_no_prefix() -> None:
    assert prefix_of({"model": "m"}, "m") is None
    assert read_request(b'{"model": "m", "input": "x"}', Operation(Purpose.NUMBERS)).plain.prefix is None
    assert read_request(b'{"model": "m", "input": "x"}', Operation(Purpose.TURN)).plain.prefix is not None


def marked(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (marked("hello"), USER),
        (marked("hello"), {"role": "user", "content": [{"type": "text", "text": "hello"}]}),
        (
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}, {"cachePoint": {"type": "default"}}]},
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        ),
        (
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "tool_result", "content": [{"type": "text", "text": "r", "cache_control": {}}]},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "tool_result", "content": [{"type": "text", "text": "r"}]},
                ],
            },
        ),
    ],
)
def test_a_cache_mark_that_moves_on_changes_nothing(first: dict[str, Any], then: dict[str, Any]) -> None:
    assert continues(of(messages=[first]), of(messages=[then, USER]))


def test_a_mark_on_tools_and_system_changes_nothing() -> None:
    tool, system = {"name": "exec", "description": "d"}, {"type": "text", "text": "s"}
    mark = {"cache_control": {"type": "ephemeral"}}
    old = of(tools=[tool], system=[system], messages=[USER])
    assert old == of(tools=[{**tool, **mark}], system=[{**system, **mark}], messages=[USER])
    assert old.sent == of(tools=[tool], system="s", messages=[USER]).sent


def test_what_changes_is_found() -> None:
    tools = [{"name": name, "description": "d"} for name in ("read", "exec")]
    old = of(tools=tools, system="s", messages=[USER])
    new = of(tools=[tools[0], {**tools[1], "description": "e"}], system="s", messages=[USER])
    broken = compare(old, new).broken
    assert broken is not None
    assert broken.text() == "tool `exec` changed"
    assert old.head != new.head


def test_the_head_is_the_same_in_every_process() -> None:
    """It is sha256 of what leaves, whatever is remembered; the digests are not."""
    named = of(system="be kind", messages=[USER]).head
    reader._known.clear()
    assert named == of(system="be kind", messages=[]).head
    assert named == hashlib.sha256(b"\0" + b'"be kind"').hexdigest()
    assert of(messages=[USER]).head == ""


def test_what_is_remembered_of_heads_is_bounded() -> None:
    for number in range(200):
        of(system=str(number), messages=[])
    assert len(reader._known) <= 64


def test_a_long_conversation_is_bounded() -> None:
    found = of(messages=[USER] * 3000, tools=[{"name": "t" * 500}] * 1000)
    assert sizes(found) == (PARTS, 0, PARTS)
    assert len(found.names[0]) == 128


@pytest.mark.parametrize("depth", [300, 900])
def test_what_is_nested_too_deep_has_no_prefix_and_no_error(depth: int) -> None:
    deep = b'{"model":"m","messages":[{"content":[{"x":' + b"[" * depth + b"]" * depth + b"}]}]}"
    assert read_request(deep, Operation(Purpose.TURN)).plain.prefix is None
    orjson.loads(deep)


NAMES = ("type", "text", "role", "content", "cache_control", "cachePoint", "name", "function", "parts", "system")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner),
    max_leaves=20,
)


@given(fields=st.dictionaries(st.sampled_from((*reader._MESSAGES, *reader._SYSTEM, "tools", "toolConfig")), JSON))
def test_whatever_a_request_holds_its_prefix_is_read(fields: dict[str, Any]) -> None:
    """A prompt is not refused because its beginning is odd; and the same is the same."""
    raw = orjson.dumps({"model": "m", **fields})
    once, twice = (read_request(raw, Operation(Purpose.TURN)).plain.prefix for _ in range(2))
    assert once == twice
    assert once is None or compare(once, once) == Kept(once.sent.number, once.sent.number)


@given(messages=st.lists(JSON, max_size=5), more=st.lists(JSON, max_size=3), system=JSON, tools=st.lists(JSON))
def test_a_conversation_that_goes_on_continues(messages: list[Any], more: list[Any], system: Any, tools: Any) -> None:
    first = {"role": "user", "content": "hello"}
    old = of(system=system, tools=tools, messages=[first, *messages])
    new = of(system=system, tools=tools, messages=[first, *messages, *more])
    assert continues(old, new)
    assert compare(old, new).broken is None
