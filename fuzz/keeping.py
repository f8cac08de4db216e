"""What stays in the repository: short inputs each of which leads from one line to another as none before it does."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from types import FrameType
from typing import Any, Final

from fuzz.corpora import ROOT, folder_of, inputs_of, kept
from fuzz.trial import Finding, Limits, Target, loaded, trial

KEPT: Final = 60
"""Inputs of one target."""
KEPT_BYTES: Final = 32 * 1024
"""Of one target's inputs together: all of them stay below a mebibyte."""
_LONGEST: Final = 2048
_PARTS: Final = tuple(f"{ROOT}/{part}/" for part in ("safety_core", "proxy", "hub"))

Step = tuple[str, int, int]
"""A file, and two lines of it that were run one after the other."""


def keep(name: str) -> int:
    """Put them into fuzz/corpus/NAME, beside what is there; return how many are there then.

    Inputs by hand (seed-...) and those that once found something (regression-...) stay, wherever they lead.
    """
    folder, target = folder_of(name), loaded(f"fuzz.targets.{name}")
    for path in folder.iterdir():
        if not path.name.startswith(("seed-", "regression-")):
            path.unlink()
    seen: set[Step] = set()
    for raw in inputs_of(target, folder):
        seen |= _steps(target.read, raw)
    left = KEPT_BYTES
    for raw in sorted(kept(ROOT / ".cache/fuzz" / name / "corpus"), key=len):
        if len(raw) > min(left, _LONGEST) or len([*folder.iterdir()]) >= KEPT:
            break
        if not (steps := _steps(target.read, raw)) <= seen:
            seen |= steps
            left -= len(raw)
            (folder / hashlib.sha256(raw).hexdigest()[:16]).write_bytes(raw)
    return len([*folder.iterdir()])


def _steps(target: Target, raw: bytes) -> set[Step]:
    """Return where one input leads, through our own code."""
    steps: set[Step] = set()
    last: dict[int, int] = {}

    def look(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(_PARTS):
            return None
        if event == "call":
            last[id(frame)] = 0
        elif event == "line":
            steps.add((file, last.get(id(frame), 0), frame.f_lineno))
            last[id(frame)] = frame.f_lineno
        return look

    sys.settrace(look)
    try:
        with suppress(Finding):
            trial(target, raw, Limits(cpu=60, memory=4096))
    finally:
        sys.settrace(None)
    return steps
