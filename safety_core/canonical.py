"""A value -> the bytes that are signed or hashed: RFC 8785 (JSON Canonicalization Scheme)."""

from __future__ import annotations

import hashlib
from typing import Final, NewType, TypeAlias

import orjson
import rfc8785

from safety_core.errors import InputError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

Digest = NewType("Digest", str)
"""sha256, 64 lower-case hexadecimal digits."""

_SAFE_INTEGER: Final = 2**53
_PLAIN_FLOATS: Final = (1e-3, 1e15)
"""Between these two, a number that is not whole is written alike by all who write it as short as can be."""

_DEPTH: Final = 16
"""Levels that the quick way goes down."""


def canonical_bytes(value: Json) -> bytes:
    """Return the one byte string that stands for `value`.

    Raises:
        InputError: for what RFC 8785 cannot carry: NaN, infinities, integers past 2**53, lone surrogates,
            keys that are not text. (Keys are ordered by UTF-16 code units, which `json.dumps` does not do.)
    """
    try:
        if _is_plain(value, _DEPTH):  # the common case, at a tenth of the cost
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError, orjson.JSONEncodeError) as error:
        raise InputError("value", f"has no canonical form ({type(error).__name__})") from error


def _is_plain(value: Json, depth: int) -> bool:
    """Tell whether any writer of compact JSON with sorted keys writes `value` as RFC 8785 has it."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -_SAFE_INTEGER < value < _SAFE_INTEGER  # type: ignore[operator]
    if kind is float:
        least, most = _PLAIN_FLOATS
        return least < abs(value) < most and value % 1 != 0  # type: ignore[arg-type,operator]
    if not depth:
        return False
    if kind is dict:
        return all(
            type(key) is str and key.isascii() and _is_plain(item, depth - 1)
            for key, item in value.items()  # type: ignore[union-attr]
        )
    return kind is list and all(_is_plain(item, depth - 1) for item in value)  # type: ignore[union-attr]


def digest(value: Json) -> Digest:
    """Return the sha256 of the canonical form of `value`."""
    return Digest(hashlib.sha256(canonical_bytes(value)).hexdigest())
