"""What a tenant tells of itself, read as what it is: text that anybody could have written, and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from safety_core.model.level import Level

TEXT: Final = 5000
"""Characters of one text."""

MOST: Final = 64
"""Chapters, steps of one, and things that went out."""

_LEVELS: Final = frozenset(level.word for level in Level)
_ID: Final = re.compile(r"[\w-]{1,100}")


@dataclass(frozen=True, slots=True)
class Step:
    """One call, as `demo_pool.tenant.story` tells it."""

    tool: str
    does: str
    level: str
    status: str
    reason: str
    code: str
    question: str
    received: str
    changed: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One thing that the agent was asked to do."""

    id: int
    title: str
    says: str
    state: str
    said: str
    received: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that reached a fake."""

    what: str
    to: str
    content: str
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """All of it. `leaks`: requests to the model that held the shop's key."""

    chapters: tuple[Chapter, ...]
    outbox: tuple[Sent, ...]
    requests: int
    bytes: int
    leaks: int
    invite: str


def read(raw: dict[str, Any]) -> Told:
    """Read what a tenant told. What is missing, or is not what it should be, is empty."""
    counts = raw.get("received")
    counts = counts if isinstance(counts, dict) else {}
    return Told(
        tuple(_chapter(one) for one in _objects(raw, "chapters")),
        tuple(
            Sent(_text(one, "what"), _text(one, "to"), _text(one, "content"), float(_number(one, "at")))
            for one in _objects(raw, "outbox")
        ),
        _number(counts, "requests"),
        _number(counts, "bytes"),
        _number(counts, "leaks"),
        _text(raw, "invite"),
    )


def _chapter(raw: dict[str, Any]) -> Chapter:
    return Chapter(
        id=_number(raw, "id"),
        title=_text(raw, "title"),
        says=_text(raw, "says"),
        state=_text(raw, "state"),
        said=_text(raw, "said"),
        received=_text(raw, "received"),
        steps=tuple(_step(one) for one in _objects(raw, "steps")),
    )


def _step(raw: dict[str, Any]) -> Step:
    level, question = _text(raw, "level"), _text(raw, "question")
    return Step(
        tool=_text(raw, "tool"),
        does=_text(raw, "does"),
        level=level if level in _LEVELS else "",
        status=_text(raw, "status"),
        reason=_text(raw, "reason"),
        code=_text(raw, "code"),
        question=question if _ID.fullmatch(question) else "",
        received=_text(raw, "received"),
        changed=_text(raw, "changed"),
    )


def _objects(raw: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = raw.get(name)
    for one in found[:MOST] if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def _text(raw: dict[str, Any], name: str) -> str:
    found = raw.get(name)
    return found[:TEXT] if isinstance(found, str) else ""


def _number(raw: dict[str, Any], name: str) -> int:
    found = raw.get(name)
    return int(found) if isinstance(found, int | float) and 0 <= found < 1 << 40 else 0
