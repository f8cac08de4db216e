"""Well-formed JSON, told fast by Python's own parser."""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn

import orjson

DEEPEST: Final = 60
"""Of 64 that are allowed: the last few are left to who parses."""

HEX_ESCAPE: Final = re.compile(rb"\\u")
"""`re` finds this three times faster than `in` does."""


def is_plain_json(raw: bytes) -> bool:
    """Tell whether `raw` is one JSON document in UTF-8, without a key that stands twice, a number that is none, or
    nesting. False says that it is not, or that it must be looked at more closely: it holds `\\u`, or a key that is not
    ASCII."""
    if HEX_ESCAPE.search(raw):
        return False
    try:
        # As clients in JavaScript and Python write it: if it comes out the same, no key was lost, and it was sound.
        value = orjson.loads(raw)
        if orjson.dumps(value) == raw:
            return _is_sound(value)
        # As Latin-1: JSON is made of ASCII, and strings of one byte per character are read twice as fast.
        value = json.loads(raw.decode("latin-1"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return _is_sound(value)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(map(str.isascii, found)):
        raise ValueError
    return found


def _refuse(_name: str) -> NoReturn:
    raise ValueError


def _is_sound(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, float) and not math.isfinite(item):
                return False
        if not below:
            return True
        level = below
    return False
