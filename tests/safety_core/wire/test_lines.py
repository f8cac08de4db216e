"""Lines, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError, LimitError
from safety_core.wire.lines import Line, Parser, line_of


def read(chunks: list[bytes], limit: int = 100) -> list[Line]:
    parser = Parser(limit)
    return [line for chunk in chunks for line in parser.feed(chunk)] + [*parser.end()]


@given(st.binary(max_size=40).map(lambda raw: raw.translate(bytes(b"\n\r{a"[byte % 4] for byte in range(256)))),
       st.lists(st.integers(0, 40), max_size=5))  # fmt: skip
def test_lines_are_the_same_however_the_bytes_are_cut(raw: bytes, places: list[int]) -> None:
    ends = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    lines = read([raw[start:end] for start, end in pairwise(ends)])
    assert lines == read([raw])
    assert b"".join(line.raw for line in lines) == raw
    assert [line.raw for line in lines] == raw.splitlines(keepends=True) or b"\r" in raw


def test_other_data_keeps_the_end() -> None:
    (first, second, last) = read([b'{"a":1}\r\n{}\n7'])
    assert first.data == '{"a":1}'
    assert first.with_data("8").raw == b"8\r\n"
    assert second.with_data("é") == Line("é\n".encode(), "é")
    assert last.with_data("8").raw == b"8"
    assert last.rest == b""


def test_a_line_has_a_limit() -> None:
    assert len(read([b"a" * 100])) == 1
    with pytest.raises(LimitError):
        read([b"a" * 50, b"a" * 51])


def test_what_is_not_utf8_is_not_read() -> None:
    with pytest.raises(InputError):
        line_of(b"\xff")
