"""A reader with three faults, and one slip of its oracle, for the fuzzer to find; each is behind a word of its own.

The environment variable PLANTED names those that there are; else all.
"""

from __future__ import annotations

import os

from fuzz.trial import Kind, Target
from safety_core.wire.reader import parse_json

MEMORY = 32
_kept: list[bytes] = []


def start() -> Target:
    """Return the reader."""
    there = os.environ.get("PLANTED", " ".join(Kind)).split()

    def read(raw: bytes) -> None:
        if raw[:2] == b"cr" and Kind.CRASH in there:
            raise KeyError("planted")
        if raw[:2] == b"ha" and Kind.HANG in there:
            while True:
                pass
        if raw[:2] == b"me" and Kind.MEMORY in there:
            _kept.append(b"x" * 64 * 1024 * 1024)
        assert raw[:2] != b"wr" or Kind.WRONG not in there, "planted"
        parse_json(raw, "message")

    return read
