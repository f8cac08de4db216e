"""Usage that only a response's headers state."""

from __future__ import annotations

import pytest

from safety_core.meter.headers import usage_in_headers
from safety_core.model.usage import Usage

PREFIX = b"x-amzn-bedrock-"
INPUT, OUTPUT = PREFIX + b"input-token-count", PREFIX + b"output-token-count"
READ, WRITE = PREFIX + b"cache-read-input-token-count", PREFIX + b"cache-write-input-token-count"


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ([], None),
        ([(b"content-length", b"7"), (PREFIX + b"invocation-latency", b"400")], None),
        ([(INPUT, b"30"), (OUTPUT, b"7"), (PREFIX + b"invocation-latency", b"400")], Usage(30, 7)),
        ([(INPUT, b"12")], Usage(12)),
        ([(INPUT, b"4"), (OUTPUT, b"5"), (READ, b"10"), (WRITE, b"2")], Usage(16, 5, cache_read=10, cache_write=2)),
        ([(INPUT, b"-3"), (OUTPUT, b"1e9")], None),
        ([(INPUT, b"9" * 16), (OUTPUT, b"7")], Usage(0, 7)),
    ],
)
def test_bedrock_s_counts(headers: list[tuple[bytes, bytes]], usage: Usage | None) -> None:
    assert usage_in_headers(headers) == usage
