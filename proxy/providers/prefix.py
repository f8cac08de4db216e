"""What a request begins with, part by part, whatever its API. See `safety_core.meter.prefix` for the order.

tools      "tools" (Gemini: each declaration within; Bedrock: "toolConfig"), and "functions"
system     "system" (Anthropic, Bedrock), "instructions" (responses), "system_instruction" (Gemini), and the messages
           with the role "system" or "developer" that lead a conversation
messages   "messages", "input" (responses), "contents" (Gemini), "prompt"

A client moves its cache marks on with every turn (`cache_control`, `cachePoint`), and writes a message of one text now
as a string and now as a block; a provider's cache sees the same text, and so do the digests.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import orjson

from safety_core.canonical import Json, JsonObject
from safety_core.meter.prefix import Parts, Prefix

PARTS: Final = 512
"""Parts of each kind that are looked at, so that what is kept of a request has a bound of a few KiB."""

NAME_LENGTH: Final = 128
"""Characters of a tool's name; the APIs allow 64 to 128."""

_MESSAGES: Final = ("messages", "input", "contents", "prompt")
_SYSTEM: Final = ("system", "instructions", "system_instruction", "systemInstruction")
_LEADING: Final = frozenset({"system", "developer"})
_TEXT_BLOCK: Final = frozenset({"type", "text", "cache_control"})
_NESTED: Final = 2
"""Levels of content that hold marks: a message's blocks, and those of a tool result in it."""

_HEADS: Final = 64
"""Tools and systems whose names are known without hashing them again."""


def prefix_of(fields: JsonObject, model: str) -> Prefix | None:
    """Return how the request with these fields begins, None where it has no conversation, or one that is nested too
    deep to be written again."""
    try:
        return _prefix(fields, model)
    except (TypeError, RecursionError):  # orjson reads 1,024 levels, and writes 254
        return None


def _prefix(fields: JsonObject, model: str) -> Prefix | None:
    messages = next((value for name in _MESSAGES if (value := fields.get(name)) is not None), None)
    if messages is None:
        return None
    items = messages[: 2 * PARTS] if isinstance(messages, list) else [messages]
    leading = _leading(items)
    tools = [*_tools(fields)][:PARTS]
    named = [block for name in _SYSTEM for block in _blocks(fields.get(name))]
    tool_parts = [*map(_plain, tools)]
    system_parts = [*map(_plain, [*named, *items[:leading]][:PARTS])]
    sent = Parts(_digests(tool_parts), _digests(system_parts), _digests(map(_plain, items[leading : leading + PARTS])))
    head = _head(sent, tool_parts, system_parts) if tool_parts or system_parts else ""
    return Prefix(model, head, tuple(map(_name, tools)), sent)


_known: Final[dict[bytes, str]] = {}


def _head(sent: Parts, tools: Sequence[bytes], system: Sequence[bytes]) -> str:
    """Return the name of what leads every conversation of an agent: most requests bring one that is known."""
    key = b"%d:%b%b" % (len(tools), sent.tools, sent.system)
    head = _known.get(key)
    if head is None:
        if len(_known) >= _HEADS:
            _known.clear()
        head = _known[key] = hashlib.sha256(b"\0".join((*tools, b"", *system))).hexdigest()
    return head


def _leading(items: Sequence[Json]) -> int:
    for number, item in enumerate(items):
        if not isinstance(item, dict) or item.get("role") not in _LEADING:
            return number
    return len(items)


def _tools(fields: JsonObject) -> Iterable[Json]:
    config = fields.get("toolConfig")
    listed = [fields.get("tools"), fields.get("functions"), config.get("tools") if isinstance(config, dict) else None]
    for item in (item for value in listed if isinstance(value, list) for item in value):
        declared = item.get("functionDeclarations", item.get("function_declarations")) if isinstance(item, dict) else 0
        if isinstance(declared, list):
            yield from declared
        elif not isinstance(item, dict) or "cachePoint" not in item:
            yield item


def _name(tool: Json) -> str:
    """Return a tool's name, wherever its API puts it; its type where it has none (a provider's own tool)."""
    if not isinstance(tool, dict):
        return ""
    inner = tool.get("function", tool.get("toolSpec"))
    name = tool.get("name") or (inner.get("name") if isinstance(inner, dict) else None) or tool.get("type")
    return name[:NAME_LENGTH] if isinstance(name, str) else ""


def _blocks(value: Json) -> list[Json]:
    if value is None or value == "":
        return []
    if isinstance(value, dict) and isinstance(value.get("parts"), list):
        value = value["parts"]
    return value if isinstance(value, list) else [value]


def _plain(part: Json) -> bytes:
    """Return a part as it is digested."""
    if not isinstance(part, dict):
        return orjson.dumps(part)
    content = part.get("content")
    if isinstance(content, list):
        text = _text(content[0]) if len(content) == 1 else None
        if text is not None:
            return orjson.dumps({**part, "content": text})
        return orjson.dumps(_unmarked(part) if any(map(_marked, content)) else part)
    if "cache_control" in part:
        part = {name: value for name, value in part.items() if name != "cache_control"}
    text = _text(part)
    return orjson.dumps(part if text is None else text)


def _text(block: Json) -> str | None:
    """Return what a block says that holds nothing but a text."""
    text = block.get("text") if isinstance(block, dict) and block.keys() <= _TEXT_BLOCK else None
    return text if isinstance(text, str) else None


def _marked(block: Json, depth: int = _NESTED) -> bool:
    """Tell whether a block is a mark or holds one."""
    if not isinstance(block, dict) or not depth:
        return False
    inner = block.get("content")
    if "cache_control" in block or "cachePoint" in block:
        return True
    return isinstance(inner, list) and any(_marked(item, depth - 1) for item in inner)


def _unmarked(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _unmarked(item) for name, item in value.items() if name != "cache_control"}
    if isinstance(value, list):
        return [_unmarked(item) for item in value if not (isinstance(item, dict) and "cachePoint" in item)]
    return value


def _digests(parts: Iterable[bytes]) -> bytes:
    """Return 8 bytes for each: Python's own keyed hash (SipHash), which nobody can make collide from outside."""
    return array("q", [*map(hash, parts)]).tobytes()
