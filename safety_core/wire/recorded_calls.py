"""Recorded tool calls, one JSON object per line, as several programs write them -> one form.

Read are:

* `{"id", "tool", "params", "agent"?, "session"?, "hints"?}`: what `safety classify` takes.
* OpenClaw's session files: entries `{"type": "message", "message": {"role": "assistant", "content": [{"type":
  "toolCall", "id", "name", "arguments"}]}}`, below a first line `{"type": "session", ...}`.
* OpenClaw's trajectories (`openclaw sessions export-trajectory`, events.jsonl): events `{"traceSchema":
  "openclaw-trajectory", "type": "tool.call", "sessionKey", "data": {"toolCallId", "name", "arguments"}}`.

A line of the last two that holds no call is passed over; one that is none of the three is an error with its number, and
the next line is read. A call that was recorded twice, with its id, in one session, is read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import InputError
from safety_core.model.tool_call import Hint
from safety_core.wire.calls import hints_from
from safety_core.wire.reader import Reader

MARK: Final = "$WORKSPACE_DIR"
"""What an exported trajectory writes for the path of the agent's workspace."""

AGENT: Final = "main"
"""Of a call that does not say whose it is."""

_FIX: Final = 'give {"id", "tool", "params"}, an OpenClaw session file, or events.jsonl of an exported trajectory'


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call as it was recorded. `id` is what the recording calls it, or its line."""

    id: str
    agent: str
    session: str
    tool: str
    params: JsonObject
    hints: frozenset[Hint] = frozenset()


def recorded_calls(lines: Iterable[bytes], name: str, workspace: str) -> Iterator[RecordedCall | InputError]:
    """Yield the calls in a recording, in order, and an error for each line that is none.

    Args:
        name: of the recording, for errors and for calls without an id.
        workspace: absolute path that stands for the agent's workspace, where a recording has left it out.
    """
    seen: set[tuple[str, str, bytes]] = set()
    session = name
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            reader = Reader.parse(line, place)
            session = _session(reader) or session
            found = list(_calls(reader, place, session, workspace))
        except InputError as error:
            yield error
            continue
        for call in found:
            key = (call.session, call.id, canonical_bytes([call.tool, call.params]))
            if key not in seen:
                seen.add(key)
                yield call


def _session(reader: Reader) -> str:
    """Return the id of the session that begins with this line, nothing for any other line."""
    first = not reader.has("tool") and reader.has("type") and reader.text("type", limit=100) == "session"
    return reader.text("id", "", limit=1000) if first else ""


def _calls(reader: Reader, place: str, session: str, workspace: str) -> Iterator[RecordedCall]:
    if reader.has("tool"):
        yield _plain(reader, place)
    elif reader.has("traceSchema"):
        for call in _traced(reader, place):
            yield replace(call, params={name: _placed(value, workspace) for name, value in call.params.items()})
    elif not reader.has("type"):
        raise InputError(place, "is no recorded call", _FIX)
    elif reader.text("type", limit=100) == "message":
        yield from _message(reader, place, session)


def _plain(reader: Reader, place: str) -> RecordedCall:
    """Return a line that is a call by itself, whatever id it shares with others."""
    named = f"{reader.json('id')}" if reader.has("id") else ""
    return RecordedCall(
        f"{place} {named}".strip(),
        reader.text("agent", AGENT, limit=64),
        reader.text("session", place, limit=1000),
        reader.text("tool", limit=200),
        reader.mapping("params"),
        hints_from(reader.mapping("hints") if reader.has("hints") else {}),
    )


def _traced(reader: Reader, place: str) -> Iterator[RecordedCall]:
    if reader.text("type", limit=100) != "tool.call" or not reader.has("data"):
        return
    data = reader.object("data")
    key = reader.text("sessionKey", "", limit=1000)
    session = reader.text("sessionId", key, limit=1000)
    yield from _call(data.text("toolCallId", place, limit=1000), data, _agent(key), session)


def _message(reader: Reader, place: str, session: str) -> Iterator[RecordedCall]:
    message = reader.object("message")
    listed = message.has("content") and isinstance(message.json("content"), list)
    if message.text("role", "", limit=100) != "assistant" or not listed:
        return
    for block in message.objects("content"):
        if block.text("type", "", limit=100) == "toolCall":
            yield from _call(block.text("id", place, limit=1000), block, AGENT, session)


def _call(id_: str, block: Reader, agent: str, session: str) -> Iterator[RecordedCall]:
    """Yield the call in a block; one without arguments was broken off before it was made."""
    if block.has("arguments"):
        yield RecordedCall(id_, agent, session, block.text("name", limit=200), block.mapping("arguments"))


def _placed(value: Json, workspace: str) -> Json:
    """Return a value with the workspace's path where its mark stands."""
    if isinstance(value, str):
        return value.replace(MARK, workspace)
    if isinstance(value, list):
        return [_placed(item, workspace) for item in value]
    return {name: _placed(item, workspace) for name, item in value.items()} if isinstance(value, dict) else value


def _agent(session_key: str) -> str:
    """Return the agent of a key such as "agent:main:telegram:direct:1"."""
    head, _, rest = session_key.partition(":")
    return rest.partition(":")[0] or AGENT if head == "agent" else AGENT
