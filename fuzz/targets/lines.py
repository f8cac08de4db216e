"""JSON Lines, and one JSON array that is written element by element: the same frames however the bytes are cut."""

from __future__ import annotations

import json

from fuzz.cuts import same_frames
from fuzz.trial import Target
from proxy.providers.json_array import Elements
from safety_core.wire import lines


def start() -> Target:
    """Return the reader; the first byte says of what."""

    def read(raw: bytes) -> None:
        if raw[:1] == b"L":
            for line in same_frames(lambda: lines.Parser(limit=2048), raw[1:]):
                changed = line.with_data("x")
                assert (changed.data, changed.raw.rstrip(b"\r\n")) == ("x", b"x"), "a changed line reads differently"
            return
        same = same_frames(Elements, raw[1:])
        _check_elements(raw[1:], [frame.data for frame in same if frame.data is not None])

    return read


def _check_elements(raw: bytes, found: list[str]) -> None:
    """Where the whole is one JSON array of objects, or an object that stands for itself, these are its elements."""
    try:
        whole = json.loads(raw)
    except (ValueError, RecursionError):
        return
    wanted = whole if isinstance(whole, list) else [whole]
    if not all(isinstance(element, dict) for element in wanted):
        return
    assert [json.loads(text) for text in found] == wanted, "the elements are not those of the array"
