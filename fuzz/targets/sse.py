"""Server-sent events: the same frames however the bytes are cut, every byte in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from fuzz.cuts import same_frames
from fuzz.trial import Target
from safety_core.wire import sse


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        frames = same_frames(lambda: sse.Parser(limit=2048), raw)
        for frame in frames:
            if frame.data is None:
                continue
            changed = frame.with_data("x")
            again = [*_all(changed.raw)]
            assert [each.data for each in again if each.data is not None] == ["x"], "a changed frame reads differently"
            assert frame.rest == changed.rest, "a change of data changed something else"

    return read


def _all(raw: bytes) -> Iterator[sse.Frame]:
    parser = sse.Parser()
    yield from parser.feed(raw)
    yield from parser.end()
