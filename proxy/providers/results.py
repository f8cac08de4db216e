"""The tool results in a request's body, whichever of the providers' shapes it has.

chat completions   {"messages": [{"role": "tool", "tool_call_id", "content"}, ...]}, also of Mistral and Cohere
                   of calls in {"role": "assistant", "tool_calls": [{"id", "function": {"name", "arguments"}}]}
                   before those {"role": "function", "name", "content"} of {"function_call": {"name", "arguments"}}
responses          {"input": [{"type": "function_call_output", "call_id", "output"}, ...]}
                   of calls in {"type": "function_call", "call_id", "name", "arguments"}
anthropic          {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id", "content"}]}]}
                   of calls in {"role": "assistant", "content": [{"type": "tool_use", "id", "name", "input"}]}
gemini             {"contents": [{"parts": [{"functionResponse": {"id"?, "name", "response"}}]}]}
                   of calls in {"functionCall": {"id"?, "name", "args"}}, also with underscores
converse           {"messages": [{"content": [{"toolResult": {"toolUseId", "content"}}]}]}
                   of calls in {"toolUse": {"toolUseId", "name", "input"}}
ollama             {"messages": [{"role": "tool", "tool_name"?, "content"}]}
                   of calls in {"tool_calls": [{"function": {"name", "arguments"}}]}
command            {"tool_results": [{"call": {"name", "parameters"}, "outputs"}]}, also within "chat_history": Cohere's
                   Command models on Bedrock; each repeats the call that it is of

All are looked for in every body: an item counts by what it is, not by the path that it was sent to. Whatever ends with
`_output` beside a `call_id` is a result too (custom tools, shell, computer).

Gemini, Ollama and OpenAI's functions have results without an id: such a one is of the first call before it that has no
result yet and the same name, and goes by that call's tool and arguments (`flow.tool_results.spelling_of`). What
OpenClaw 2026.9.6 sends: to Gemini ids, unless the conversation began with another model (@openclaw/ai,
dist/google-messages-*.mjs: `sameRouteToolCallIds`); to Ollama `tool_call_id` beside `tool_name`
(dist/stream.runtime-*.mjs, where it makes up the ids of calls that come without).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from safety_core.canonical import Json, JsonObject
from safety_core.flow.tool_results import ToolResult, is_about_arguments, spelling_of

TEXT_LIMIT: Final = 64 * 1024
"""Characters of a result that are kept to see whether it is a host's notice; such a one repeats a call's arguments."""

NO_ID: Final = ""
"""The id of a result that names no call, and before which none stands: nothing was ever decided under it."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that a conversation holds."""

    id: str
    tool: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class _Result:
    """A result: the id and the tool as it states them."""

    id: str
    tool: str
    text: str


def tool_results(fields: JsonObject) -> tuple[ToolResult, ...]:
    """Return the results that a request with these fields carries, in order."""
    items = [*_items(fields)]
    found = [result for item in items for result in _found(item)]
    if all(result.id and not is_about_arguments(result.text) for result in found):
        return tuple(ToolResult(result.id, result.text) for result in found)
    return tuple(_joined(items))


def _joined(items: Iterable[JsonObject]) -> Iterator[ToolResult]:
    """Yield the results, each with what is known of its call."""
    items = [*items]
    asked = {call.id: call.arguments for item in items for call in _calls(item)}
    waiting: list[_Call] = []
    answered = False
    for item in items:
        for call in _calls(item):
            if answered:  # what nobody has answered by now is answered by nothing that follows
                waiting, answered = [], False
            waiting.append(call)
        for result in _found(item):
            answered = True
            call_of = _call_of(result, waiting)
            if call_of is not None:
                waiting.remove(call_of)
            if result.id or call_of is None:
                arguments = asked.get(result.id) if result.id and is_about_arguments(result.text) else None
                yield ToolResult(result.id, result.text, arguments)
            else:
                yield ToolResult(spelling_of(call_of.tool, call_of.arguments), result.text, call_of.arguments)


def _call_of(result: _Result, waiting: list[_Call]) -> _Call | None:
    if result.id:
        return next((call for call in waiting if call.id == result.id), None)
    return next((call for call in waiting if result.tool in {"", call.tool}), None)


def _found(item: JsonObject) -> Iterator[_Result]:
    kind = item.get("type")
    if item.get("role") in ("tool", "function"):  # a client may write anything, also what no set holds
        tool = _name(item, "tool_name") or _name(item, "name")
        yield _Result(_name(item, "tool_call_id"), tool, _text(item.get("content")))
    elif isinstance(kind, str) and kind.endswith("_output"):
        yield _Result(_name(item, "call_id"), _UNNAMED, _text(item.get("output")))
    elif kind == "tool_result":
        yield _Result(_name(item, "tool_use_id"), _UNNAMED, _text(item.get("content")))
    elif "outputs" in item:
        for call in _members(item, "call"):
            yield _Result(NO_ID, _name(call, "name"), "")
    for response in _members(item, "functionResponse", "function_response"):
        yield _Result(_name(response, "id"), _name(response, "name"), _response(response.get("response")))
    for response in _members(item, "toolResult"):
        yield _Result(_name(response, "toolUseId"), _UNNAMED, _text(response.get("content")))


_UNNAMED: Final = "\0"
"""The tool of a result whose API has ids: without one it is of no call."""


def _items(fields: JsonObject) -> Iterator[JsonObject]:
    """Yield the messages and items of a request, and after each the blocks or parts of its content."""
    for name in ("messages", "input", "contents"):
        for item in _objects(fields.get(name)):
            yield item
            yield from _objects(item.get("content"))
            yield from _objects(item.get("parts"))
    for owner in (*_objects(fields.get("chat_history")), fields):
        yield from _objects(owner.get("tool_results"))


def _calls(item: JsonObject) -> Iterator[_Call]:
    """Yield the calls that an item asks for."""
    for call in _objects(item.get("tool_calls")):
        for function in _members(call, "function"):
            yield _Call(_name(call, "id"), _name(function, "name"), _parsed(function.get("arguments")))
    if item.get("type") == "function_call":
        yield _Call(_name(item, "call_id"), _name(item, "name"), _parsed(item.get("arguments")))
    elif item.get("type") == "tool_use":
        yield _Call(_name(item, "id"), _name(item, "name"), item.get("input"))
    for function in _members(item, "functionCall", "function_call"):
        arguments = function["args"] if "args" in function else _parsed(function.get("arguments"))
        yield _Call(_name(function, "id"), _name(function, "name"), arguments)
    for call in _members(item, "call") if "outputs" in item else ():
        yield _Call(NO_ID, _name(call, "name"), call.get("parameters"))
    for use in _members(item, "toolUse"):
        yield _Call(_name(use, "toolUseId"), _name(use, "name"), use.get("input"))


def _members(item: JsonObject, *names: str) -> Iterator[JsonObject]:
    return (value for name in names if isinstance(value := item.get(name), dict))


def _objects(value: Json) -> Iterator[JsonObject]:
    """Yield the objects of a list; Google takes a single one in place of it."""
    listed = value if isinstance(value, list) else [value]
    return (item for item in listed if isinstance(item, dict))


def _name(item: JsonObject, field: str) -> str:
    value = item.get(field)
    return value if isinstance(value, str) else NO_ID


def _response(response: Json) -> str:
    """Return what Gemini is told, {"output": text} or {"error": text}; empty where it is told more."""
    values = [*response.values()] if isinstance(response, dict) else []
    return _text(values[0]) if len(values) == 1 else ""


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
    """Return a call's arguments, which most APIs write as text and Ollama does not."""
    try:
        value: Json = orjson.loads(arguments) if isinstance(arguments, str) else arguments
    except orjson.JSONDecodeError:
        return None
    return value
