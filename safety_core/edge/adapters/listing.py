"""Lists that fit into what is kept of an output: cut between two entries, never in the middle of one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from safety_core.canonical import Json, JsonObject

SPARE: Final = 2000
"""Bytes for what stands around a list."""


def fitting(rows: Iterable[JsonObject], most: int) -> list[Json]:
    """Return the first rows that, written with an indent of one, take no more than about `most` bytes together."""
    kept: list[Json] = []
    left = most - SPARE
    for row in rows:
        left -= len(json.dumps(row, ensure_ascii=False, indent=3).encode("utf-8", "replace")) + 4
        if left < 0:
            break
        kept.append(row)
    return kept
