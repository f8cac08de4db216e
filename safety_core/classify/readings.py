"""Readings of calls that were read before under the same catalogue: the common call is not read again.

The key is the call itself, value by value and in order (`1`, `1.0` and `true` are three calls, and so are two orders of
the same arguments), not a hash of it. What a reading took out of files that the session wrote is compared each time.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType

from safety_core.classify.files import Content, Files, Written
from safety_core.model.facts import Facts
from safety_core.model.memo import Memo
from safety_core.model.tool_call import ToolCall

Key = NewType("Key", bytes)

LONGEST: Final = 64 * 1024
"""Bytes of a call that is remembered: longer ones are hardly made twice."""

VARIANTS: Final = 2
"""Readings that are kept of one call: with the files of a session, and without."""

FORM: Final = 2
"""The serialisation's version that writes equal values alike; later ones write what was seen before as a reference."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a call would do, and what it would leave in files.

    Attributes:
        written: only the files that this call writes. Whoever lets it run adds them to those of the session.
    """

    facts: Facts
    written: Written


@dataclass(frozen=True, slots=True)
class _Kept:
    reading: Reading
    asked: Mapping[str, Content | None]
    wide: bool


class Readings:
    """What is remembered under one catalogue."""

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: Memo[Key, tuple[_Kept, ...]] = Memo()

    def __len__(self) -> int:
        return len(self._memo)

    def find(self, key: Key, written: Written) -> Reading | None:
        """Return the reading of the call with this key, if the files that it looked at are still the same."""
        for kept in self._memo.find(key) or ():
            if not (kept.wide and written) and all(written.get(path) == it for path, it in kept.asked.items()):
                return kept.reading
        return None

    def keep(self, key: Key, reading: Reading, files: Files, written: Written) -> None:
        """Remember a reading that `files` were seen in."""
        if files.wide and written:
            return
        before = self._memo.find(key) or ()
        variants = (_Kept(reading, dict(files.asked), files.wide), *before)[:VARIANTS]
        self._memo.keep(key, variants, len(key) + sum(map(_size, variants)))


def _size(kept: _Kept) -> int:
    contents = (*kept.asked.values(), *kept.reading.written.values())
    return kept.reading.facts.size + sum(500 + 4 * len(it.text or "") for it in contents if it is not None)


def key_of(call: ToolCall, workspace: str) -> Key | None:
    """Return the call's key; None for one that is too long, or holds what is no plain value."""
    try:
        hints = sorted(hint.value for hint in call.hints)
        raw = marshal.dumps((call.tool, call.agent, workspace, hints, call.params), FORM)
    except ValueError:
        return None
    return Key(raw) if len(raw) <= LONGEST else None
