"""A reader with three faults, and one slip of its oracle, for the fuzzer to find; each is behind a word of its own."""

from __future__ import annotations

from fuzz.trial import Target
from safety_core.wire.reader import parse_json

MEMORY = 32
_kept: list[bytes] = []


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        if raw[:2] == b"cr":
            raise KeyError("planted")
        if raw[:2] == b"ha":
            while True:
                pass
        if raw[:2] == b"me":
            _kept.append(b"x" * 64 * 1024 * 1024)
        assert raw[:2] != b"wr", "planted"
        parse_json(raw, "message")

    return read
