"""Golden vectors: facts with the hits they must give. One JSON object per line:

{"facts": {...}, "hits": [{"rule": "deletes_for_good", "level": "red", "reason": "..."}]}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import InputError, PolicyError
from safety_core.model.level import Level
from safety_core.model.verdict import Hit
from safety_core.wire.reader import Reader

VECTOR_LIMIT: Final = 10_000
"""Vectors of one bundle: at a third of a millisecond each they are judged in a few seconds."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One case. `hits` are sorted."""

    facts: JsonObject
    hits: tuple[Hit, ...]


def read_hits(value: Json, what: str) -> tuple[Hit, ...]:
    """Parse a list of hits, sorted and without repeats. Raises InputError for any other shape."""
    return tuple(sorted({_hit(entry) for entry in Reader({"hits": value}, what).objects("hits")}, key=_order))


def _hit(entry: Reader) -> Hit:
    level = Level.named(entry.text("level"))
    if level is None:
        raise InputError(f"{entry.path}.level", "is not a level")
    hit = Hit(entry.text("rule", limit=64), level, entry.text("reason"))
    entry.done()
    return hit


def _order(hit: Hit) -> tuple[str, int, str]:
    return (hit.rule, hit.level, hit.reason)


def read_vectors(raw: bytes, name: str) -> tuple[Vector, ...]:
    """Parse a file of vectors.

    Raises:
        PolicyError: naming file and line.
    """
    lines = raw.splitlines()
    if len(lines) > VECTOR_LIMIT:
        raise PolicyError(name, f"has more than {VECTOR_LIMIT} vectors")
    return tuple(_vector(line, f"{name}:{number}") for number, line in enumerate(lines, 1))


def _vector(line: bytes, place: str) -> Vector:
    try:
        reader = Reader.parse(line, place)
        vector = Vector(reader.mapping("facts"), read_hits(reader.json("hits"), place))
        reader.done()
    except InputError as error:
        raise PolicyError(place, f"{error.thing.removeprefix(place).lstrip('.')} {error.reason}".strip()) from error
    return vector


def vector_line(facts: JsonObject, hits: Iterable[Hit]) -> bytes:
    """Return the line that stands for one vector, with its newline."""
    listed: list[Json] = [
        {"rule": hit.rule, "level": hit.level.word, "reason": hit.reason} for hit in sorted(set(hits), key=_order)
    ]
    return canonical_bytes({"facts": facts, "hits": listed}) + b"\n"
