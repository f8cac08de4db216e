"""The installed command, tried as its host runs it: with a call that nobody may make, and with no call at all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.cli.hook.deadline import BLOCKED
from safety_core.cli.hook.event import SHELL, Kind
from safety_core.wire.names import plain

SECONDS: Final = 120.0
"""How long one trial may take: the call is refused without asking a person, or a person is not waited for."""

SHOWN: Final = 300
"""Characters of what it says."""

CALL: Final[JsonObject] = {
    "hook_event_name": Kind.CALL.value,
    "session_id": "safety-hook-status",
    "cwd": "/",
    "tool_name": SHELL,
    "tool_use_id": "safety-hook-status",
    "tool_input": {"command": "rm -rf / --no-preserve-root"},
}
"""Is judged, and not run by anybody."""


def trials(command: str) -> Iterator[tuple[str, bool, str]]:
    """Yield what was tried, whether it was blocked, and what was said."""
    for what, raw in (("a call that deletes everything", json.dumps(CALL).encode()), ("an event of no form", b"{")):
        yield what, *_tried(command, raw)


def _tried(command: str, raw: bytes) -> tuple[bool, str]:
    try:
        done = subprocess.run(["/bin/sh", "-c", command], input=raw, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, type(error).__name__
    told = plain(done.stderr.decode("utf-8", "replace").strip(), SHOWN) or "without a word"
    return done.returncode == BLOCKED, f"exit status {done.returncode}: {told}"
