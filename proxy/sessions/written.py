"""What sessions are known to have written into files, in memory: so that a script which an agent wrote and then runs
is judged by what it says.

Bounded in everything. A text that is too long is kept as one that is not known; the files that were written first and
the sessions that were not used for longest go first. Nothing of it survives the process: after a restart a script is
one that nobody has read. Texts come from calls that secrets have been taken out of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from safety_core.classify.files import NOTHING_WRITTEN, Content, Written
from safety_core.model.tool_call import AgentId, SessionId

FILE_BYTES: Final = 256 * 1024
"""Of one text. Scripts are shorter by far."""

SESSION_BYTES: Final = 2 * 1024 * 1024
"""Of all texts and paths of one session."""

TOTAL_BYTES: Final = 16 * 1024 * 1024
"""Of all sessions together: little beside what an edge needs anyway."""

SESSIONS: Final = 256
"""Kept at the same time."""

FILE_COST: Final = 500
"""Bytes of a file beside its path and text, about what Python takes: many empty ones are not free."""

Key: TypeAlias = tuple[AgentId, SessionId]


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes, but `sessions`, which is a number."""

    file: int = FILE_BYTES
    session: int = SESSION_BYTES
    total: int = TOTAL_BYTES
    sessions: int = SESSIONS


@dataclass(slots=True)
class _Session:
    """`files`: oldest first; replaced as a whole, so that whoever has recalled it keeps what it was then."""

    files: Mapping[str, Content] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    size: int = 0


class WrittenFiles:
    """The files of all sessions, by agent and session."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._sessions: OrderedDict[Key, _Session] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def size(self) -> int:
        """Bytes of everything that is kept."""
        return self._size

    def recall(self, agent: AgentId, session: SessionId) -> Written:
        """Return what a session has left in files; it does not change under whoever has it."""
        found = self._sessions.get((agent, session))
        if found is None:
            return NOTHING_WRITTEN
        self._sessions.move_to_end((agent, session))
        return MappingProxyType(found.files)

    def note(self, agent: AgentId, session: SessionId, written: Written) -> None:
        """Add what a call that may run leaves in files. What others knew of the same files holds no longer."""
        if not written:
            return
        for key, other in self._sessions.items():
            if key != (agent, session):
                self._forget(other, written)
        mine = self._sessions.setdefault((agent, session), _Session())
        self._sessions.move_to_end((agent, session))
        kept = {path: content for path, content in mine.files.items() if path not in written}
        self._put(mine, kept | {path: self._bounded(content) for path, content in written.items()})
        while self._size > self._limits.total or len(self._sessions) > self._limits.sessions:
            _, oldest = self._sessions.popitem(last=False)
            self._size -= oldest.size

    def _forget(self, other: _Session, written: Written) -> None:
        touched = other.files.keys() & written.keys()
        if touched:
            unknown = {path: Content(None, other.files[path].origin) for path in touched}
            self._put(other, {**other.files, **unknown})

    def _bounded(self, content: Content) -> Content:
        if content.text is None or _bytes(content.text) <= self._limits.file:
            return content
        return Content(None, content.origin)

    def _put(self, session: _Session, files: dict[str, Content]) -> None:
        """Let a session have these files, as many of the newest as there is room for."""
        same = {path for path, content in files.items() if session.files.get(path) is content}
        costs = {path: session.costs[path] if path in same else _cost(path, files[path]) for path in files}
        size = sum(costs.values())
        while size > self._limits.session:
            path = next(iter(files))
            del files[path]
            size -= costs.pop(path)
        self._size += size - session.size
        session.files, session.costs, session.size = files, costs, size


def _cost(path: str, content: Content) -> int:
    return FILE_COST + _bytes(path) + _bytes(content.text or "")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
