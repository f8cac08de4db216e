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


def _trimmed(raw: bytes, start: int, end: int) -> Span:
    value = raw[start:end]
    return start + len(value) - len(value.lstrip()), end - len(value) + len(value.rstrip())
