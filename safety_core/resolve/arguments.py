"""A call's arguments, read by what they mean, whatever the tool calls them.

An argument that no adapter would heed is refused, and so is one given under two names: what was judged is what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import ExecutionError

LONGEST_SECONDS: Final = 1800.0
"""The most time that a call may ask for: its agent waits all that while."""

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "command": ("command", "cmd", "argv"),
    "cwd": ("cwd", "workdir", "working_directory"),
    "stdin": ("stdin", "input"),
    "env": ("env",),
    "timeout": ("timeout", "timeout_seconds", "timeoutSeconds"),
    "path": ("path", "file_path", "file", "filename"),
    "content": ("content", "text", "new_text", "newText", "new_string"),
    "old": ("old", "old_text", "oldText", "old_string"),
    "method": ("method",),
    "url": ("url", "uri"),
    "headers": ("headers",),
    "body": ("body", "data", "json"),
    "connection": ("connection",),
}
"""What tools call the arguments that adapters heed. A catalogue entry's `args` says it for one tool."""


class Arguments:
    """The arguments of one call. Null counts as absent."""

    def __init__(self, params: JsonObject, tool: str, entry: JsonObject) -> None:
        named = entry.get("args")
        self._params = {name: value for name, value in params.items() if value is not None}
        self._tool = tool
        self._named: JsonObject = named if isinstance(named, dict) else {}
        self._unread = set(self._params)
        for harmless in (entry.get("volatile"), entry.get("ignored")):
            self._unread.difference_update(map(str, harmless) if isinstance(harmless, list) else ())

    def take(self, role: str, default: Json = None) -> Json:
        """Return what stands for `role`."""
        named = self._named.get(role, [*NAMES[role]])
        names = [str(name) for name in (named if isinstance(named, list) else [named])]
        present = [name for name in names if name in self._params]
        if len(present) > 1:
            raise self.error(role, "is given under two names: " + " and ".join(present))
        self._unread.difference_update(present)
        return self._params[present[0]] if present else default

    def text(self, role: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        return self.as_text(role, self.take(role, default))

    def as_text(self, role: str, value: Json) -> str:
        """Return `value` as a text that a file name, a process or a header can carry."""
        if not isinstance(value, str) or "\x00" in value:
            raise self.error(role, "must be text without zero bytes")
        return value

    def texts_by_name(self, role: str) -> tuple[tuple[str, str], ...]:
        """Return a mapping of names to texts."""
        value = self.take(role, {})
        if not isinstance(value, dict):
            raise self.error(role, "must be a mapping of names to texts")
        return tuple((name, self.as_text(role, text)) for name, text in value.items())

    def seconds(self, default: float) -> float:
        """Return the time limit."""
        value = self.take("timeout", default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_SECONDS:
            raise self.error("timeout", f"must lie between 0 and {LONGEST_SECONDS:.0f} seconds")
        return float(value)

    def rest(self) -> JsonObject:
        """Return all arguments that nobody has read, under their own names."""
        left, self._unread = self._unread, set()
        return {name: value for name, value in self._params.items() if name in left}

    def done(self) -> None:
        """Refuse arguments that nobody has read."""
        if self._unread:
            extra = ", ".join(sorted(self._unread))
            raise ExecutionError(
                f"tool {self._tool}", "has arguments that the edge cannot honour", f"leave out {extra}"
            )

    def error(self, role: str, reason: str) -> ExecutionError:
        """Return the error that names one argument."""
        return ExecutionError(f"argument {role} of tool {self._tool}", reason)
