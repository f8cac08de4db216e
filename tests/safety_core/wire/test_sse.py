"""Server-sent events: however the bytes are cut, the frames are the same, and every byte is in one of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError, LimitError
from safety_core.wire.sse import Frame, Parser

LINE = st.one_of(
    st.builds(
        "data: {}".format, st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
    ),
    st.sampled_from([": ping", "event: x", "id: 7", "data", "data:", "datax: no", "x"]),
)
STREAM = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\r", "\r\n\r\n", "\n\r\n"]))).map(
    lambda parts: "".join(line + end for line, end in parts).encode()
)


def frames(*chunks: bytes) -> list[Frame]:
    parser = Parser()
    found = [frame for chunk in chunks for frame in parser.feed(chunk)]
    return [*found, *parser.end()]


@given(STREAM, st.lists(st.integers(0, 200), max_size=8))
def test_the_cut_does_not_matter_and_no_byte_is_lost(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    whole = frames(stream)
    assert frames(*pieces) == whole
    assert frames(*(bytes([byte]) for byte in stream)) == whole
    assert b"".join(frame.raw for frame in whole) == stream


def test_data_is_read_as_a_browser_reads_it() -> None:
    (frame,) = frames(b"\xef\xbb\xbfevent: x\r\ndata: one\rdata:  two\ndata\ndatax: no\n\n")
    assert frame.data == "one\n two\n"
    assert frame.rest == b"\xef\xbb\xbfevent: x\r\ndatax: no\n\n"


def test_a_frame_without_data() -> None:
    (frame,) = frames(b": ping\n\n")
    assert frame.data is None


def test_new_data_changes_nothing_else() -> None:
    (frame,) = frames(b"id: 1\r\ndata: a\r\ndata: b\r\nevent: x\r\n\r\n")
    assert frame.with_data("c") == Frame(b"id: 1\r\ndata: c\r\nevent: x\r\n\r\n", "c")
    (cut,) = frames(b"data: a")
    assert cut.with_data("ä").raw == "data: ä".encode()


def test_new_data_loses_no_blank_line_where_line_ends_are_mixed() -> None:
    (frame,) = frames(b"data: a\rdata: b\r\n\n")
    assert [each.data for each in frames(frame.with_data("c").raw + b"data: d\n\n")] == ["c", "d"]


def test_a_byte_order_mark_is_one_before_every_line() -> None:
    assert [frame.data for frame in frames(b": x\n\xef\xbb\xbfdata: a\n\n")] == ["a"]
    assert [frame.data for frame in frames(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n")] == [None]


def test_a_frame_is_ready_as_soon_as_its_blank_line_is_there() -> None:
    parser = Parser()
    assert [frame.data for frame in parser.feed(b"data: a\n\ndata: b\n")] == ["a"]
    assert [frame.data for frame in parser.feed(b"\n")] == ["b"]
    assert list(parser.end()) == []


def test_limits_and_encoding() -> None:
    parser = Parser(limit=10)
    with pytest.raises(LimitError):
        list(parser.feed(b"data: 123456"))
    with pytest.raises(InputError):
        frames(b"data: \xff\n\n")
