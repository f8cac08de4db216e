"""A value -> the bytes that are signed or hashed: RFC 8785 (JSON Canonicalization Scheme)."""

from __future__ import annotations

import hashlib
from typing import NewType, TypeAlias

import rfc8785

from safety_core.errors import InputError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

Digest = NewType("Digest", str)
"""sha256, 64 lower-case hexadecimal digits."""


def canonical_bytes(value: Json) -> bytes:
    """Return the one byte string that stands for `value`.

    Raises:
        InputError: for what RFC 8785 cannot carry: NaN, infinities, integers past 2**53, lone surrogates,
            keys that are not text. (Keys are ordered by UTF-16 code units, which `json.dumps` does not do.)
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise InputError("value", f"has no canonical form ({type(error).__name__})") from error


def digest(value: Json) -> Digest:
    """Return the sha256 of the canonical form of `value`."""
    return Digest(hashlib.sha256(canonical_bytes(value)).hexdigest())
