"""Usage as rows for a database, by the thousand: a message exactly as our edges write it is read in one sweep.

Every other message is read by `safety_core.wire.fleet.usage_from_json`, with the same result or its refusal: so the
sweep may give up at anything unusual, and refuses nothing on its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final, cast

import orjson

from safety_core.canonical import Json
from safety_core.model.usage import COUNTS, UsageBucket
from safety_core.wire.fleet import BUCKETS, usage_from_json
from safety_core.wire.reader import Reader

FIELDS: Final = (
    "hour",
    "sequence",
    "requests",
    "estimated",
    "cost",
    "unpriced",
    *COUNTS,
    "agent",
    "provider",
    "model",
)
"""What a row holds, in this order: whole numbers first, and then the names."""

NUMBERS: Final = len(FIELDS) - 3

Row = tuple[int | str, ...]

_HOUR, _SEQUENCE = 0, 1
_NAMES: Final = re.compile(r"([^\x00-\x1f\x7f]{1,200}\n){3}")
_MAXIMUM: Final = 2**53
_TAKE: Final[Callable[[Any], Row]] = itemgetter(*FIELDS)


def rows_from_bytes(raw: bytes) -> tuple[Row, ...]:
    """Return the rows that a message reports, or raise InputError naming the field."""
    rows = _swept(raw)
    return rows if rows is not None else tuple(row_of(one) for one in usage_from_json(Reader.parse(raw, "usage")))


def row_of(bucket: UsageBucket) -> Row:
    """Return a bucket as a row."""
    return _TAKE(bucket.to_json())


def _swept(raw: bytes) -> tuple[Row, ...] | None:
    try:
        body: Json = orjson.loads(raw)
        if orjson.dumps(body, option=orjson.OPT_SORT_KEYS) != raw:  # other than canonical: a key may be there twice
            return None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    buckets = body.get("buckets") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(buckets, list) or len(buckets) > BUCKETS:
        return None
    try:
        rows: tuple[Row, ...] = tuple(map(_TAKE, buckets))
    except (KeyError, TypeError):
        return None
    return rows if all(map(_sound, buckets, rows)) else None


def _sound(bucket: Json, row: Row) -> bool:
    numbers, names = cast("tuple[int, ...]", row[:NUMBERS]), row[NUMBERS:]  # if they are, as is asked first
    return (
        isinstance(bucket, dict)
        and len(bucket) == len(FIELDS)
        and set(map(type, numbers)) == {int}
        and set(map(type, names)) == {str}
        and min(numbers) >= 0
        and max(numbers) <= _MAXIMUM
        and numbers[_SEQUENCE] != 0
        and numbers[_HOUR] % 3600 == 0
        and _NAMES.fullmatch("{}\n{}\n{}\n".format(*names)) is not None
    )
