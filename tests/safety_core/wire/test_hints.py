"""Hints are read however the stream is cut; what is no hint is refused."""

from __future__ import annotations

import pytest

from safety_core.errors import InputError
from safety_core.wire.hints import LINE_LIMIT, HintReader

STREAM = (
    b': connected\n\ndata: {"topic":"feed"}\n\n: still here\n\ndata: {"topic":"weather"}\ndata: {"topic":"orders"}\n\n'
)


@pytest.mark.parametrize("size", [1, 2, 7, len(STREAM)])
def test_a_stream_is_read_however_it_is_cut(size: int) -> None:
    reader = HintReader()
    parts = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [topic for part in parts for topic in reader.take(part)] == ["feed", "weather", "orders"]


@pytest.mark.parametrize("raw", [b"data: nonsense\n", b'data: {"topic": 7}\n', b"data: []\n", b":" * (LINE_LIMIT + 1)])
def test_what_is_no_hint_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        HintReader().take(raw)
