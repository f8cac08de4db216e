"""What a host says has happened: Claude Code's and Codex's JSON, parsed or refused.

Both send one object on standard input, with the same names: {"hook_event_name", "session_id", "cwd", ...}; for a call
{"tool_name", "tool_input", "tool_use_id"}, for its result {"tool_response"} too, for a prompt {"prompt"}. Fields that
nobody here knows are passed over: each release of a host adds some.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.wire.names import name
from safety_core.wire.reader import BODY_LIMIT, Reader


class Kind(Enum):
    """The events that are understood, by the name that both hosts give them."""

    CALL = "PreToolUse"
    RESULT = "PostToolUse"
    PROMPT = "UserPromptSubmit"


SHELL: Final = "Bash"
"""What both hosts call the tool that runs commands, whatever their model calls it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        folder: where the host works.
        call: the host's id of the call; "" for a prompt. So is `tool`.
        said: the tool's result, or the prompt.
    """

    kind: Kind
    session: str
    folder: str
    call: str = ""
    tool: str = ""
    params: JsonObject | None = None
    said: Json = None

    @property
    def arguments(self) -> JsonObject:
        """The call's arguments, with the folder that a command runs in, which hosts tell beside them."""
        params = self.params or {}
        return {**params, "cwd": self.folder} if self.tool == SHELL and "cwd" not in params else params


def event_from(raw: bytes) -> Event:
    """Return the event in `raw`.

    Raises:
        InputError: it is none, is larger than any that can be judged, or is of a kind that nobody asked to hear of.
    """
    if len(raw) > BODY_LIMIT:
        raise InputError("the event", f"is larger than {BODY_LIMIT} bytes", "make the call smaller")
    body = Reader.parse(raw, "the event")
    try:
        kind = Kind(body.text("hook_event_name", limit=64))
    except ValueError:
        wanted = ", ".join(one.value for one in Kind)
        raise InputError("the event", f"is none of {wanted}", "put the hook under those") from None
    session, folder = name(body, "session_id", ""), body.text("cwd", "")
    if kind is Kind.PROMPT:
        return Event(kind, session, folder, said=body.text("prompt", limit=BODY_LIMIT))
    said = body.json("tool_response") if kind is Kind.RESULT else None
    return Event(kind, session, folder, name(body, "tool_use_id"), name(body, "tool_name"), _params(body), said)


def _params(body: Reader) -> JsonObject:
    """Return the arguments; a tool that takes mere text gets it under one name."""
    given = body.json("tool_input")
    return {"input": given} if isinstance(given, str) else body.mapping("tool_input")
