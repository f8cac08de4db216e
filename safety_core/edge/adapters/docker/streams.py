"""What a container says: frames of a stream's number, three zero bytes, a length, and so many bytes."""

from __future__ import annotations

import http.client
import struct
from typing import Final

HEAD: Final = struct.Struct(">B3xI")
CHUNK: Final = 64 * 1024


def said(response: http.client.HTTPResponse, most: int, *, plain: bool) -> tuple[str, bool]:
    """Return what was said, and whether there was more than `most` bytes of it.

    Args:
        plain: a terminal's one stream, without frames.

    Raises:
        OSError, http.client.HTTPException: it was cut off.
    """
    kept = bytearray()
    while len(kept) <= most:
        wanted = CHUNK
        if not plain:
            head = _exactly(response, HEAD.size)
            if not head:
                break
            wanted = HEAD.unpack(head)[1]
        chunk = response.read1(CHUNK) if plain else _exactly(response, min(wanted, most + 1))
        if plain and not chunk:
            break
        kept += chunk
        if wanted > most and not plain:
            break
    return kept[:most].decode("utf-8", "replace"), len(kept) > most


def _exactly(response: http.client.HTTPResponse, count: int) -> bytes:
    """Return so many bytes, or none at the end."""
    got = bytearray()
    while len(got) < count:
        chunk = response.read(count - len(got))
        if not chunk:
            if got:
                raise http.client.IncompleteRead(bytes(got), count - len(got))
            return b""
        got += chunk
    return bytes(got)
