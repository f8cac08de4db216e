"""The labelled calls: one file for each label, one call a line, `why: command` or `why: {"tool": ..., "params": ...}`.

All of them were written down for this purpose, from what the programs' manuals say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LABELS: Final = ("dangerous", "outward", "reading", "developer")
SHELL: Final = "exec"
"""The tool that runs a command."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One call, what it is, and in a few words why."""

    label: str
    why: str
    tool: str
    params: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return what a guard is told."""
        return {"tool": self.tool, "params": self.params}


def labelled() -> tuple[Labelled, ...]:
    """Return every call, label by label."""
    return tuple(call for label in LABELS for call in read(label, _text(label)))


def read(label: str, text: str) -> list[Labelled]:
    """Return the calls in the text of one file; blank lines and lines that begin with # are for people."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [_call(label, line) for line in lines]


def _text(label: str) -> str:
    return (Path(__file__).parent / f"{label}.txt").read_text("utf-8")


def _call(label: str, line: str) -> Labelled:
    why, between, asked = line.partition(": ")
    if not between:
        raise ValueError(f"{label}: {line!r} does not say why")
    if asked.startswith('{"tool":'):
        call = json.loads(asked)
        return Labelled(label, why, call["tool"], call["params"])
    return Labelled(label, why, SHELL, {"command": asked})
