"""Words of others: what is suspicious in them, and how they are shown on a terminal.

A tool's description is read by a model as if its operator had written it. What speaks to the model instead of telling
what the tool does, or hides from people what models read, is named here; whoever pins the tool decides. That nothing is
named proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core.canonical import Json
from safety_core.model.connection import Operation
from safety_core.model.secret import texts_in

_FILLERS: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)})
"""Characters that draw nothing, though their category says that they do."""

_SUSPICIOUS: Final = {
    "tells a model to pass over what it was told": (
        r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|other|all|system|safety)\b"
        r".{0,30}\b(?:instruction|prompt|message|rule|guideline|tool)"
    ),
    "tells a model to hide something": (
        r"\b(?:do not|don't|never|without)\b.{0,20}\b(?:tell|telling|mention|mentioning|inform|informing|show|reveal"
        r"|notify|notifying|disclos\w+)\b.{0,40}\b(?:user|person|human|operator|anyone|anybody)"
    ),
    "speaks as a system or a person would": (
        r"<\s*/?\s*(?:important|system|instructions?|secret|hidden)\s*>|\[/?INST\]|<\|im_|\bsystem prompt\b"
        r"|\byou (?:are now|must now)\b"
    ),
    "says what to do before or beside this tool": (
        r"\b(?:before|after|whenever|every time)\b.{0,30}\b(?:using|calling|use|call|invok\w+)\b.{0,30}\btools?\b"
        r"|\b(?:always|must|first)\b.{0,20}\bcall\b.{0,30}\b(?:first|before|tool)"
    ),
    "names where secrets are": (
        r"~/\.|\bid_(?:rsa|ed25519)\b|\.ssh\b|/etc/(?:passwd|shadow)|\bmcp\.json\b|(?<![\w.])\.env\b"
        r"|\bprivate keys?\b|\bpasswords? of\b"
    ),
    "holds a long run of encoded text": r"[A-Za-z0-9+/=_-]{200,}",
}
_PATTERNS: Final = {why: re.compile(pattern, re.IGNORECASE | re.DOTALL) for why, pattern in _SUSPICIOUS.items()}


def suspicions(operation: Operation) -> tuple[str, ...]:
    """Return what is suspicious in what an operation says of itself and of its arguments, each once."""
    texts: list[Json] = [operation.name, operation.words, operation.parameters]
    return tuple(dict.fromkeys(why for text in texts_in(texts) for why in _in(text)))


def _in(text: str) -> Iterator[str]:
    hidden = sorted({ord(mark) for mark in text if _hidden(mark)})
    if hidden:
        yield "holds characters that people do not see: " + ", ".join(f"U+{code:04X}" for code in hidden[:5])
    plain = "".join(" " if mark.isspace() else mark for mark in text if not _hidden(mark))
    yield from (why for why, pattern in _PATTERNS.items() if pattern.search(plain))


def shown(text: str, limit: int) -> str:
    """Return `text` on one line, as nothing that a terminal would obey; a hidden character as its code point."""
    line = " ".join(text.split(None))[: limit + 1]
    cut = line[:limit] + ("..." if len(line) > limit else "")
    return "".join(f"<U+{ord(mark):04X}>" if _hidden(mark) else mark for mark in cut)


def _hidden(mark: str) -> bool:
    return (not mark.isprintable() and mark not in "\n\t\r") or ord(mark) in _FILLERS
