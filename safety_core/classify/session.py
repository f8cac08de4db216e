"""A call as a session makes it: what the session is known to have written can make the call graver, never milder.

A script is judged by the text that the session wrote into it, and as a script that nobody has read: between writing and
running, others may have changed it in ways that no call shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from safety_core.canonical import Digest, JsonObject, digest
from safety_core.classify.facts import read_call
from safety_core.classify.files import Content, Written
from safety_core.model.facts import Facts
from safety_core.model.tool_call import ToolCall


@dataclass(frozen=True, slots=True)
class SessionReading:
    """What a call would do, what it would write, and on which texts that depends.

    Attributes:
        written: only the files that this call writes. Whoever lets it run adds them to those of the session.
        relies_on: by path, one hash for each text that has made the facts what they are.
    """

    facts: Facts
    written: Written
    relies_on: Mapping[str, Digest]


def read_in_session(call: ToolCall, catalogue: JsonObject, workspace: str, written: Written) -> SessionReading:
    """Return what `call` would do in a session that has written these files. Arguments as in `read_call`."""
    alone = read_call(call, catalogue, workspace)
    if not written:
        return SessionReading(alone.facts, alone.written, {})
    looked = _Looked(written)
    known = read_call(call, catalogue, workspace, looked)
    if known.facts == alone.facts:
        return SessionReading(known.facts, known.written, {})
    return SessionReading(_both(known.facts, alone.facts), known.written, looked.hashes())


def _both(known: Facts, alone: Facts) -> Facts:
    actions, unknown = (*known.actions, *alone.actions), (*known.unknown, *alone.unknown)
    return replace(known, actions=tuple(dict.fromkeys(actions)), unknown=tuple(dict.fromkeys(unknown)))


class _Looked(Mapping[str, Content]):
    """Files, and which of them were looked at."""

    __slots__ = ("_found", "_written")

    def __init__(self, written: Written) -> None:
        self._written = written
        self._found: dict[str, Content] = {}

    def __getitem__(self, path: str) -> Content:
        self._found[path] = self._written[path]
        return self._found[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def hashes(self) -> Mapping[str, Digest]:
        return {path: digest([it.text, *sorted(it.origin)]) for path, it in sorted(self._found.items())}
