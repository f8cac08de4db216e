"""WebSocket frames, as a case wants them: in pieces, packed, or with bits that nobody agreed on."""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Callable
from typing import Any, Final

CODES: Final = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}


def frame_of(wanted: dict[str, Any]) -> bytes:
    """Return one masked frame of a client."""
    payload = _payload(wanted)
    code = CODES.get(str(wanted.get("opcode", "text")), 1)
    first = code | (0x80 if wanted.get("fin", True) else 0) | (0x40 if wanted.get("rsv1") else 0)
    mask = os.urandom(4)
    hidden = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    if len(payload) < 126:
        length = bytes((0x80 | len(payload),))
    elif len(payload) < 65536:
        length = b"\xfe" + struct.pack("!H", len(payload))
    else:
        length = b"\xff" + struct.pack("!Q", len(payload))
    return bytes((first,)) + length + mask + hidden


def _payload(wanted: dict[str, Any]) -> bytes:
    for name in ("payload_base64", "payload_b64"):
        if name in wanted:
            return base64.b64decode(str(wanted[name]))
    return str(wanted.get("payload", "")).encode()


def read_frame(read: Callable[[int], bytes]) -> tuple[int, bytes]:
    """Return opcode and payload of the next frame. `read` returns so many bytes, or raises EOFError."""
    first, second = read(2)
    length = second & 0x7F
    if length > 125:
        length = int.from_bytes(read(2 if length == 126 else 8), "big")
    mask = read(4) if second & 0x80 else b"\0\0\0\0"
    return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(read(length)))
