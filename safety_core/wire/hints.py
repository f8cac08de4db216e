"""Hints (hub -> edge): a stream of server-sent events, each of which names what there may be news of.

The hub writes one comment at once and others from time to time, so that silence means a broken stream.
"""

from __future__ import annotations

from typing import Final

from safety_core.errors import InputError
from safety_core.wire.reader import Reader

FEED: Final = "feed"
POLICY: Final = "policy"
ORDERS: Final = "orders"

LINE_LIMIT: Final = 1024
"""Bytes of one line: a hint has about thirty."""

_DATA: Final = b"data:"


class HintReader:
    """Reads the stream as it comes, in parts of any size."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def take(self, part: bytes) -> tuple[str, ...]:
        """Return the topics that `part` completes; those of a newer hub too. Raises InputError."""
        *lines, self._rest = (self._rest + part).split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            raise InputError("hint", f"has a line of more than {LINE_LIMIT} bytes")
        return tuple(_topic(line.removeprefix(_DATA)) for line in lines if line.startswith(_DATA))


def _topic(raw: bytes) -> str:
    return Reader.parse(raw, "hint").text("topic", limit=64)
