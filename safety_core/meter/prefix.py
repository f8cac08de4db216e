"""What a request begins with, and what broke that beginning: providers cache the longest one they have seen before.

A provider lays a request out as tools, then system, then messages, wherever these stand in its body (Anthropic, "Prompt
caching": "cache prefixes are created in the following order: tools, system, then messages"; OpenAI, Gemini and Bedrock
render the tools before the conversation too). What changes breaks the cache of all that follows it.

A prefix holds digests, nothing of the content; a digest is `DIGEST` bytes and means something within one process.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

DIGEST: Final = 8
"""Bytes of one part's digest."""


class Broken(StrEnum):
    """What changed."""

    MODEL = "model_changed"
    TOOL_CHANGED = "tool_changed"
    TOOL_ADDED = "tool_added"
    TOOL_REMOVED = "tool_removed"
    TOOL_MOVED = "tool_moved"
    SYSTEM_CHANGED = "system_changed"
    SYSTEM_ADDED = "system_added"
    SYSTEM_REMOVED = "system_removed"
    MESSAGE = "message_rewritten"


@dataclass(frozen=True, slots=True)
class Parts:
    """The digests of a request's parts, one after the other, in the order of the request."""

    tools: bytes = b""
    system: bytes = b""
    messages: bytes = b""

    @property
    def number(self) -> int:
        """How many there are."""
        return (len(self.tools) + len(self.system) + len(self.messages)) // DIGEST


@dataclass(frozen=True, slots=True)
class Prefix:
    """How one request begins.

    Attributes:
        head: names its tools and system, in hexadecimal: the same for the same bytes in every process, and therefore
            the same as long as an agent's version is. Empty if it has neither.
        names: of the tools, in order.
        sent: what leaves.
        came: what the client sent, before secrets were taken out of it; None where there were none.
    """

    model: str
    head: str
    names: tuple[str, ...]
    sent: Parts
    came: Parts | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """The first difference between two requests that should begin alike.

    Attributes:
        part: number of the tool, system block or message, from 1.
        of: how many of its kind the later request has.
        tool: the tool's name, where it is about one.
        redaction: the client sent the same as before; what is taken out of it has changed.
    """

    what: Broken
    part: int = 0
    of: int = 0
    tool: str = ""
    redaction: bool = False

    def text(self) -> str:
        """Return it in words; a tool's name in them is the client's own text."""
        place = self.place()
        if self.redaction:
            return f"redaction: a secret was registered that stands in {place}"
        verb = self.what.value.partition("_")[2]
        return f"{place} was {verb}" if verb in {"added", "removed", "moved", "rewritten"} else f"{place} changed"

    def place(self) -> str:
        """Return what it is about, in words."""
        if self.what is Broken.MODEL:
            return "the model"
        if self.what is Broken.MESSAGE:
            return f"message {self.part} of {self.of}"
        return f"tool `{self.tool}`" if self.tool else f"system block {self.part}"


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of an earlier request a later one begins with.

    Attributes:
        parts: how many leading tools, system blocks and messages are the same.
        of: how many the earlier request had.
        broken: the first difference; None where the later one goes on from the earlier, or from a point in it.
    """

    parts: int
    of: int
    broken: Break | None = field(default=None)


def compare(old: Prefix, new: Prefix) -> Kept:
    """Return how much of `old` leads `new`, and what broke it."""
    parts = (
        (old.sent.tools, new.sent.tools),
        (old.sent.system, new.sent.system),
        (old.sent.messages, new.sent.messages),
    )
    of = old.sent.number
    if old.model != new.model:
        return Kept(0, of, Break(Broken.MODEL))
    kept = 0
    for kind, (before, after) in enumerate(parts):
        same = _leading(before, after)
        kept += same
        if broken := _broken(kind, same, old, new):
            return Kept(kept, of, broken)
    return Kept(kept, of)


def with_came(sent: Prefix | None, came: Prefix | None) -> Prefix | None:
    """Return how a request begins that had secrets taken out of it: `came` is the same before that."""
    return replace(sent, came=came.sent) if sent and came else sent


def shared(old: Prefix, new: Prefix) -> int:
    """Return how many messages two requests share, at whichever place: those of one conversation share some."""
    return len(_each(old.sent.messages) & _each(new.sent.messages))


def continues(old: Prefix, new: Prefix) -> bool:
    """Tell whether `new` is `old` with perhaps more messages: what is quickest to see, and nearly always so."""
    return old.head == new.head and old.model == new.model and new.sent.messages.startswith(old.sent.messages)


def _leading(before: bytes, after: bytes) -> int:
    if after.startswith(before):
        return len(before) // DIGEST
    most = min(len(before), len(after))
    steps = range(0, most, DIGEST)
    return next((at for at in steps if before[at : at + DIGEST] != after[at : at + DIGEST]), most) // DIGEST


def _broken(kind: int, same: int, old: Prefix, new: Prefix) -> Break | None:
    """Return what is wrong behind the `same` leading parts of one kind: 0 tools, 1 system, 2 messages."""
    if kind == 0:
        return _tool(same, old, new)
    if kind == 1:
        return _system(same, old, new)
    return _message(same, old, new)


def _tool(same: int, old: Prefix, new: Prefix) -> Break | None:
    before, after = len(old.sent.tools) // DIGEST, len(new.sent.tools) // DIGEST
    if same == before == after:
        return None
    gone, come = (names[same] if same < len(names) else "" for names in (old.names, new.names))
    if gone == come:
        redaction = _came(old).tools[: _end(same)] == _came(new).tools[: _end(same)]
        return Break(Broken.TOOL_CHANGED, same + 1, after, come, redaction)
    if same < after and come not in old.names:
        return Break(Broken.TOOL_ADDED, same + 1, after, come)
    if gone not in new.names:
        return Break(Broken.TOOL_REMOVED, same + 1, after, gone)
    return Break(Broken.TOOL_MOVED, same + 1, after, come or gone)


def _system(same: int, old: Prefix, new: Prefix) -> Break | None:
    before, after = len(old.sent.system) // DIGEST, len(new.sent.system) // DIGEST
    if same == before == after:
        return None
    if same in {before, after}:
        return Break(Broken.SYSTEM_ADDED if same == before else Broken.SYSTEM_REMOVED, same + 1, after)
    redaction = _came(old).system[: _end(same)] == _came(new).system[: _end(same)]
    return Break(Broken.SYSTEM_CHANGED, same + 1, after, redaction=redaction)


def _message(same: int, old: Prefix, new: Prefix) -> Break | None:
    """Return the message that was rewritten. Where nothing that came after it is left either, somebody has gone back
    in the conversation, or begun another one alike: that breaks nothing."""
    before, after = old.sent.messages, new.sent.messages
    if same * DIGEST in {len(before), len(after)}:
        return None
    came = _came(old).messages[: _end(same)] == _came(new).messages[: _end(same)]
    if not came and not _each(before[_end(same) :]) & _each(after[_end(same) - DIGEST :]):
        return None
    return Break(Broken.MESSAGE, same + 1, len(after) // DIGEST, redaction=came)


def _came(prefix: Prefix) -> Parts:
    return prefix.came or prefix.sent


def _end(same: int) -> int:
    return (same + 1) * DIGEST


def _each(digests: bytes) -> set[bytes]:
    return {digests[at : at + DIGEST] for at in range(0, len(digests), DIGEST)}
