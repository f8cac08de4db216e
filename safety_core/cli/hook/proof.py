"""The installed command, tried as its host runs it: with a call that nobody may make, and with no call at all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.hook.deadline import BLOCKED
from safety_core.cli.hook.event import SHELL, Kind

SECONDS: Final = 60.0
"""How long one trial may take: the call is refused without asking a person, or a person is not waited for."""

CALL: Final[JsonObject] = {
    "hook_event_name": Kind.CALL.value,
    "session_id": "safety-hook-status",
    "cwd": "/",
    "tool_name": SHELL,
    "tool_use_id": "safety-hook-status",
    "tool_input": {"command": "rm -rf / --no-preserve-root"},
}
"""Is judged, and not run by anybody."""


def trials(command: str) -> Iterator[tuple[str, str]]:
    """Yield what was tried, and what is wrong with what came of it: "" where it was blocked."""
    for what, raw in (("a call that deletes everything", json.dumps(CALL).encode()), ("an event of no form", b"{")):
        yield what, _trouble(command, raw)


def _trouble(command: str, raw: bytes) -> str:
    try:
        done = subprocess.run(["/bin/sh", "-c", command], input=raw, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it did not answer ({type(error).__name__})"
    return "" if done.returncode == BLOCKED else f"it was let through (exit status {done.returncode})"
