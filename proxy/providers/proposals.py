"""The tool calls that a response proposes, whichever of the providers' shapes it has. Fed with the whole document, or
with each event of a stream as it leaves (without secrets, held-back ends included).

chat completions   choices[].message.tool_calls[], choices[].delta.tool_calls[] by index, function_call before those
responses          output[], response.output[], response.output_item.added and .done, response.*.delta: function_call,
                   custom_tool_call, and whatever else ends with "_call" and has a call_id (shell, computer)
anthropic          content[] and content_block_start of type tool_use; input_json_delta; content_block_stop; a batch's
                   result.message.content[]
gemini             candidates[].content.parts[].functionCall, mostly without an id
ollama, cohere     message.tool_calls[]; Cohere's tool-call-start, -delta, -end, and tool_calls[] of its first version
converse           output.message.content[].toolUse; contentBlockStart, -Delta, -Stop, by name or as bare payloads

All are looked for in every document: a call counts by what it is. What the provider runs itself (server_tool_use,
mcp_call, web_search_call) is none of the agent's. Nothing here raises: what is not understood proposes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from proxy.providers.shape import Key
from safety_core.canonical import Json, JsonObject
from safety_core.errors import SafetyError
from safety_core.model.tool_call import ProposedCall
from safety_core.wire.lenient import object_of, objects
from safety_core.wire.names import NAME_LIMIT
from safety_core.wire.reader import parse_json

CALLS: Final = 128
"""Calls of one response: what is beyond is not looked at. OpenAI takes as many tools in a request."""

ARGUMENTS: Final = 256 * 1024
"""Characters of arguments that are kept of one response; a call beyond is proposed by its name alone."""

_CONVERSE: Final = ("contentBlockStart", "contentBlockDelta", "contentBlockStop")


@dataclass(slots=True)
class _Open:
    """A call whose arguments are still coming."""

    id: str
    tool: str
    custom: bool = False
    whole: Json = None
    pieces: list[str] = field(default_factory=list)
    cut: bool = False


class Proposals:
    """Collects the calls of one response."""

    def __init__(self) -> None:
        self._open: dict[Key, _Open] = {}
        self._ready: list[ProposedCall] = []
        self._told: set[str] = set()
        self._count = 0
        self._room = ARGUMENTS

    def concern(self, event: str) -> bool:
        """Tell whether the event with this text (without its continued pieces) can matter: most cannot."""
        return bool(self._open) or "tool" in event or "unction" in event or "_call" in event

    def add(self, document: Json) -> None:
        """Take in a whole response, or a stream's next event."""
        for event in document if isinstance(document, list) else (document,):
            if isinstance(event, dict):
                self._event(event)

    def end(self) -> None:
        """The response is over: what is still open is as complete as it will get."""
        self._close(())

    def take(self) -> tuple[ProposedCall, ...]:
        """Return the calls that have become complete since the last time."""
        if not self._ready:
            return ()
        ready, self._ready = tuple(self._ready), []
        return ready

    def _event(self, event: JsonObject) -> None:
        for choice in objects(event.get("choices")):
            index = _index(choice)
            self._message((index,), object_of(choice.get("delta")))
            self._message((index,), object_of(choice.get("message")))
            if choice.get("finish_reason") is not None:
                self._close((index,))
        if "choices" in event:
            return  # chat completions have nothing else, and come in many events
        wrapped = (object_of(event.get(name)).get("message") for name in ("output", "result"))
        for owner in (event, object_of(event.get("message")), *map(object_of, wrapped)):
            self._message(("message",), owner)
        for candidate in objects(event.get("candidates")):
            self._message(("message",), object_of(candidate.get("content")))
        self._items(event)
        self._blocks(event)

    def _message(self, owner_key: Key, message: JsonObject) -> None:
        """Take in what a message or its delta holds."""
        calls = message.get("tool_calls")
        for position, call in enumerate(objects([calls] if isinstance(calls, dict) else calls)):
            self._function((*owner_key, "tool", _index(call, position)), call)
        function = message.get("function_call")
        if isinstance(function, dict):
            self._function((*owner_key, "function"), {"function": function})
        for block in objects(message.get("content")):
            use = object_of(block.get("toolUse"))
            if use:
                self._whole(_text(use, "toolUseId"), _text(use, "name"), use.get("input"))
            elif block.get("type") == "tool_use":
                self._whole(_text(block, "id"), _text(block, "name"), block.get("input"))
        for part in objects(message.get("parts")):
            if asked := object_of(part.get("functionCall")):
                partly = "partialArgs" in asked or asked.get("willContinue") is True
                self._whole(_text(asked, "id"), _text(asked, "name"), asked.get("args"), cut=partly)

    def _function(self, key: Key, call: JsonObject) -> None:
        """Take in an item of `tool_calls`: a whole call where nothing can follow, else its next piece."""
        function = object_of(call.get("function")) or object_of(call.get("custom")) or call
        tool = _text(function, "name")
        known, name = self._open.get(key), _text(call, "id")
        if tool and (known is None or name not in {"", known.id}):  # some providers give every call the same index
            known = self._begin(key, name, tool, custom="custom" in call)
        if known is None:
            return
        for field_name in ("arguments", "parameters", "input"):
            self._more(known, function.get(field_name))
        if key[0] == "message":
            self._close(key)

    def _items(self, event: JsonObject) -> None:
        """Take in what the responses API has: items, whole, and the deltas of their arguments."""
        kind = _text(event, "type")
        for item in (*objects(event.get("output")), *objects(object_of(event.get("response")).get("output"))):
            self._item(item)
        key: Key = ("item", _index(event, name="output_index"), _text(event, "item_id"))
        if kind == "response.output_item.done":
            item = object_of(event.get("item"))
            if self._open.pop((*key[:2], _text(item, "id")), None):
                self._count -= 1
            self._item(item)
        elif kind == "response.output_item.added":
            item = object_of(event.get("item"))
            if _is_asked(item):
                custom = item.get("type") == "custom_tool_call"
                self._begin((*key[:2], _text(item, "id")), _text(item, "call_id"), _tool(item), custom=custom)
        elif kind.endswith(".delta") and key in self._open:
            self._more(self._open[key], event.get("delta"))

    def _item(self, item: JsonObject) -> None:
        if not _is_asked(item) or _text(item, "call_id") in self._told or self._count >= CALLS:
            return  # a response's last event tells all its items again
        self._told.add(_text(item, "call_id"))
        custom = item.get("type") == "custom_tool_call"
        arguments = item.get("input" if custom else "arguments")
        if arguments is None:  # shell, computer, patch: what is to be done stands under a name of its own
            arguments = {name: item[name] for name in ("action", "actions", "operation") if name in item}
        self._whole(_text(item, "call_id"), _tool(item), arguments, custom=custom)

    def _blocks(self, event: JsonObject) -> None:
        """Take in what comes block by block: Anthropic, Bedrock's converse, Cohere."""
        kind = _text(event, "type")
        named = next((name for name in _CONVERSE if isinstance(event.get(name), dict)), "")
        bare = object_of(event[named]) if named else event
        index = bare.get("contentBlockIndex")
        if isinstance(index, int):
            self._block(("block", index), object_of(bare.get("start")), bare)
        elif kind == "content_block_start":
            block = object_of(event.get("content_block"))
            if block.get("type") == "tool_use":
                begun = self._begin(("block", _index(event)), _text(block, "id"), _text(block, "name"))
                self._more(begun, block.get("input") or None)
        elif kind == "content_block_delta":
            self._more(self._open.get(("block", _index(event))), object_of(event.get("delta")).get("partial_json"))
        elif kind == "content_block_stop":
            self._close(("block", _index(event)))
        elif kind in {"tool-call-start", "tool-call-delta"}:
            asked = object_of(object_of(object_of(event.get("delta")).get("message")).get("tool_calls"))
            self._function(("block", _index(event)), asked)
        elif kind == "tool-call-end":
            self._close(("block", _index(event)))

    def _block(self, key: Key, start: JsonObject, bare: JsonObject) -> None:
        if use := object_of(start.get("toolUse")):
            self._begin(key, _text(use, "toolUseId"), _text(use, "name"))
        elif "delta" in bare:
            self._more(self._open.get(key), object_of(object_of(bare["delta"]).get("toolUse")).get("input"))
        elif "start" not in bare:
            self._close(key)

    def _whole(self, call: str, tool: str, arguments: Json, *, custom: bool = False, cut: bool = False) -> None:
        begun = self._begin(("whole",), call, tool, custom=custom)
        if begun is not None:
            begun.cut = begun.cut or cut
            self._more(begun, arguments)
            self._close(("whole",))

    def _begin(self, key: Key, call: str, tool: str, *, custom: bool = False) -> _Open | None:
        """Return the call that `key` begins; None: no host could report its name, or there are too many."""
        if key in self._open:
            self._close(key)
        if not 0 < len(tool) <= NAME_LIMIT or len(call) > NAME_LIMIT or self._count >= CALLS:
            return None
        self._count += 1
        self._open[key] = begun = _Open(call, tool, custom)
        return begun

    def _more(self, known: _Open | None, arguments: Json) -> None:
        if known is None or known.cut:
            return
        if isinstance(arguments, str):
            if not arguments:
                return
            self._room -= len(arguments)
            known.pieces.append(arguments)
        elif arguments is not None:
            self._room -= _size(arguments, self._room)
            known.whole = arguments
        if self._room < 0:
            known.cut, known.whole, known.pieces = True, None, []

    def _close(self, beginning: Key) -> None:
        if not self._open:
            return
        for key in [key for key in self._open if key[: len(beginning)] == beginning]:
            known = self._open.pop(key)
            self._ready.append(ProposedCall(known.id, known.tool, _arguments(known)))


def proposed_in(document: Json) -> tuple[ProposedCall, ...]:
    """Return the calls that a whole response proposes, in order."""
    found = Proposals()
    found.add(document)
    found.end()
    return found.take()


def _arguments(known: _Open) -> Json:
    if known.cut:
        return None
    text = "".join(known.pieces)
    if known.custom and text:
        return {"input": text}
    if not text.strip():
        return {} if known.whole is None else known.whole
    try:
        value = parse_json(text, "arguments")
    except SafetyError:
        return text
    return text if value is None else value


def _is_asked(item: JsonObject) -> bool:
    """Tell whether an item is a call that the agent's host is to run: who runs it itself has no use for a call_id."""
    return _text(item, "type").endswith("_call") and bool(_text(item, "call_id"))


def _tool(item: JsonObject) -> str:
    return _text(item, "name") or _text(item, "type").removesuffix("_call")


def _size(value: Json, room: int) -> int:
    """Return about how many characters `value` has as JSON; no more is looked at than there is room for."""
    size, stack = 0, [value]
    while stack and size <= room:
        item = stack.pop()
        size += 2 + (len(item) if isinstance(item, str) else 6)
        if isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return size


def _text(owner: JsonObject, name: str) -> str:
    value = owner.get(name)
    return value if isinstance(value, str) else ""


def _index(owner: JsonObject, position: int = 0, *, name: str = "index") -> int:
    value = owner.get(name)
    return value if isinstance(value, int) else position
