"""The first bytes of a TLS client -> the server's name that it asks for (RFC 8446, 4.1.2; RFC 6066, 3).

Read is what must be known to hold a tunnel to the host that was asked for, and nothing else. What is no ClientHello, or
one that may be read in two ways, is refused. Of an encrypted inner name (ECH) only the outer one is seen.
"""

from __future__ import annotations

from typing import Final

from safety_core.errors import InputError

HELLO_BYTES: Final = 16 * 1024
"""Of the whole ClientHello with its records; with post-quantum key shares real ones have some 2 KiB."""

RECORDS: Final = 64
"""That it may be cut into: real ones are one or two, and all are gone through with every byte that comes."""

_HANDSHAKE: Final = 0x16
_CLIENT_HELLO: Final = 1
_SERVER_NAME: Final = 0
_RECORD_HEADER: Final = 5


class NotTlsError(InputError):
    """What came is no TLS ClientHello with a server's name."""


class _Cut:
    """Reads lengths and what they count; whatever goes past the end is refused."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._raw) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise _wrong("ends in the middle of a field")
        self._at += count
        return self._raw[self._at - count : self._at]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def counted(self, count: int) -> _Cut:
        return _Cut(self.take(self.number(count)))


def server_name(raw: bytes) -> str | None:
    """Return the name in a ClientHello, in lower case; None while it has not come whole.

    Raises:
        NotTlsError: it is none, has no name or more than one, or is larger than `HELLO_BYTES`, or in more pieces
            than `RECORDS`.
    """
    message = _message(raw)
    if message is None:
        if len(raw) > HELLO_BYTES:
            raise _wrong(f"is larger than {HELLO_BYTES} bytes")
        return None
    return _name(message)


def _message(raw: bytes) -> bytes | None:
    """Return the handshake message, put together from its records; None while some are missing."""
    message, at, records = b"", 0, 0
    while at < len(raw):
        records += 1
        if records > RECORDS:
            raise _wrong(f"is cut into more than {RECORDS} records")
        if raw[at] != _HANDSHAKE or (at + 1 < len(raw) and raw[at + 1] != 3):
            raise _wrong("is no TLS handshake")
        if at + _RECORD_HEADER > len(raw):
            return None
        length = int.from_bytes(raw[at + 3 : at + 5], "big")
        if not length:
            raise _wrong("has an empty record")
        message += raw[at + _RECORD_HEADER : at + _RECORD_HEADER + length]
        if message and message[0] != _CLIENT_HELLO:
            raise _wrong("does not begin with a ClientHello")
        if len(message) >= 4:
            size = 4 + int.from_bytes(message[1:4], "big")
            if size > HELLO_BYTES:
                raise _wrong(f"is larger than {HELLO_BYTES} bytes")
            if len(message) >= size:
                return message[4:size]
        at += _RECORD_HEADER + length
    return None


def _name(message: bytes) -> str:
    hello = _Cut(message)
    hello.take(2 + 32)
    for width in (1, 2, 1):
        hello.counted(width)
    extensions = hello.counted(2) if hello.left else _Cut(b"")
    names: list[str] = []
    while extensions.left:
        kind, value = extensions.number(2), extensions.counted(2)
        if kind == _SERVER_NAME:
            names.append(_listed(value))
    if hello.left:
        raise _wrong("goes on behind its end")
    if len(names) != 1:
        raise _wrong("has no server name" if not names else "has more than one server name")
    return names[0]


def _listed(value: _Cut) -> str:
    entries = value.counted(2)
    kind, name = entries.number(1), entries.counted(2)
    if kind != 0 or entries.left or value.left:
        raise _wrong("has a server name of another kind, or several")
    return name.take(name.left).decode("ascii", "replace").lower()


def _wrong(reason: str) -> NotTlsError:
    return NotTlsError("the tunnel's first message", reason, "speak TLS with the host's name (SNI) through it")
