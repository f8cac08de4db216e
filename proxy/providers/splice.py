"""The smallest change to a JSON document's bytes: everything else stays as the client wrote it, for prompt caches."""

from __future__ import annotations

import json
import re
from typing import Final

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)

Span = tuple[int, int]


def with_member(raw: bytes, name: str, value: bytes) -> bytes:
    """Return the object `raw` (valid JSON) with one member more, in last place."""
    end = raw.rindex(b"}")
    comma = b"" if raw[:end].rstrip().endswith(b"{") else b","
    return raw[:end] + comma + json.dumps(name).encode() + b":" + value + raw[end:]


def with_value(raw: bytes, span: Span, value: bytes) -> bytes:
    """Return `raw` with other bytes in place of `span`."""
    return raw[: span[0]] + value + raw[span[1] :]


def member_span(raw: bytes, name: str) -> Span | None:
    """Return where a member's value stands in the object `raw` (valid JSON); of repeats the last, as parsers do."""
    depth, key, start = 0, b"", 0
    found: Span | None = None
    for token in _TOKEN.finditer(raw):
        mark = token.group()
        if depth == 1 and mark in {b",", b"}"} and start:
            found = _trimmed(raw, start, token.start()) if json.loads(key) == name else found
            start = 0
        if mark in {b"{", b"["}:
            depth += 1
        elif mark in {b"}", b"]"}:
            depth -= 1
        elif depth == 1 and mark == b":" and not start:
            start = token.end()
        elif depth == 1 and not start and mark != b",":
            key = mark
    return found


def emptied(raw: bytes, names: frozenset[str]) -> bytes:
    """Return `raw` (any JSON) with nothing in the objects and arrays of the members `names`, however deep they stand:
    null for an object, [] for an array. What is no JSON stays as it is.
    """
    if b"\\u" not in raw and not any(name.encode() in raw for name in names):
        return raw
    kept: list[bytes] = []
    depth, taken, left = 0, 0, 0  # `left`: the depth below which an emptied value ends; 0 outside of one
    before: tuple[bytes, bytes] = (b"", b"")
    for token in _TOKEN.finditer(raw):
        mark = token.group()
        if mark in {b"{", b"["}:
            depth += 1
            if not left and before[1] == b":" and _name(before[0]) in names:
                kept.append(raw[taken : token.start()] + (b"null" if mark == b"{" else b"[]"))
                left = depth
        elif mark in {b"}", b"]"}:
            depth -= 1
            if left and depth < left:
                taken, left = token.end(), 0
        before = (before[1], mark)
    return b"".join(kept) + raw[taken:] if kept and not left else raw


def _name(raw: bytes) -> str:
    try:
        return str(json.loads(raw))
    except ValueError:
        return ""


def _trimmed(raw: bytes, start: int, end: int) -> Span:
    value = raw[start:end]
    return start + len(value) - len(value.lstrip()), end - len(value) + len(value.rstrip())
