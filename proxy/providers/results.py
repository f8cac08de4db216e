"""The tool results in a request's body, whichever of the providers' shapes it has.

chat completions   {"messages": [{"role": "tool", "tool_call_id", "content"}, ...]}
                   of calls in {"role": "assistant", "tool_calls": [{"id", "function": {"arguments"}}]}
responses          {"input": [{"type": "function_call_output", "call_id", "output"}, ...]}
                   of calls in {"type": "function_call", "call_id", "arguments"}
anthropic          {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id", "content"}]}]}
                   of calls in {"role": "assistant", "content": [{"type": "tool_use", "id", "input"}]}
converse           {"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId", "content"}}]}]}
                   of calls in {"role": "assistant", "content": [{"toolUse": {"toolUseId", "input"}}]}

All are looked for in every body: an item counts by what it is, not by the path that it was sent to. Whatever ends with
`_output` beside a `call_id` is a result too (custom tools, shell, computer).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import orjson

from safety_core.canonical import Json, JsonObject
from safety_core.flow.tool_results import ToolResult, is_about_arguments

TEXT_LIMIT: Final = 64 * 1024
"""Characters of a result that are kept to see whether it is a host's notice; such a one repeats a call's arguments."""

NO_ID: Final = ""
"""The id of a result that names no call: nothing was ever decided under it."""


def tool_results(fields: JsonObject) -> tuple[ToolResult, ...]:
    """Return the results that a request with these fields carries, in order."""
    found = [*_found(fields)]
    asked: dict[str, Json] = {}
    if any(is_about_arguments(text) for _, text in found):
        asked = {call: arguments for item in _items(fields) for call, arguments in _calls(item)}
    return tuple(ToolResult(call, text, asked.get(call)) for call, text in found)


def _found(fields: JsonObject) -> Iterator[tuple[str, str]]:
    for item in _items(fields):
        kind = item.get("type")
        if item.get("role") in {"tool", "function"}:
            yield _id(item, "tool_call_id"), _text(item.get("content"))
        elif isinstance(kind, str) and kind.endswith("_output"):
            yield _id(item, "call_id"), _text(item.get("output"))
        elif kind == "tool_result":
            yield _id(item, "tool_use_id"), _text(item.get("content"))
        if isinstance(result := item.get("toolResult"), dict):  # whatever else it pretends to be
            yield _id(result, "toolUseId"), _text(result.get("content"))


def _items(fields: JsonObject) -> Iterator[JsonObject]:
    """Yield the messages and items of a request, and after each the blocks of its content."""
    for name in ("messages", "input"):
        for item in _objects(fields.get(name)):
            yield item
            yield from _objects(item.get("content"))


def _calls(item: JsonObject) -> Iterator[tuple[str, Json]]:
    """Yield the calls that an item asks for: id and arguments."""
    for call in _objects(item.get("tool_calls")):
        function = call.get("function")
        yield _id(call, "id"), _parsed(function.get("arguments") if isinstance(function, dict) else None)
    if item.get("type") == "function_call":
        yield _id(item, "call_id"), _parsed(item.get("arguments"))
    elif item.get("type") == "tool_use":
        yield _id(item, "id"), item.get("input")
    if isinstance(use := item.get("toolUse"), dict):
        yield _id(use, "toolUseId"), use.get("input")


def _objects(value: Json) -> Iterator[JsonObject]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _id(item: JsonObject, field: str) -> str:
    value = item.get(field)
    return value if isinstance(value, str) else NO_ID


def _text(content: Json) -> str:
    """Return what a result says, empty where it says more than words, or more than a notice does."""
    if isinstance(content, str):
        return content if len(content) <= TEXT_LIMIT else ""
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") if isinstance(block, dict) else None for block in blocks]
    if len(texts) != 1 or not isinstance(texts[0], str):
        return ""
    return _text(texts[0])


def _parsed(arguments: Json) -> Json:
    try:
        value: Json = orjson.loads(arguments) if isinstance(arguments, str) else None
    except orjson.JSONDecodeError:
        return None
    return value
