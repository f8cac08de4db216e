"""Messages of the AWS event stream, byte for byte: they are cut out of a stream, checked, and made.

    parser = Parser()
    for message in parser.feed(chunk):      # however the bytes are cut, the messages are the same
        message.raw                         # every byte
        message.with_payload(data).raw      # the same headers around another payload
    parser.end()                            # refuses a stream that was cut off in a message

    | length of all, of the headers | CRC-32 of both | headers | payload | CRC-32 of all before |
    |               8               |       4        |         |         |           4          |

Source: Smithy, "Amazon Event Stream specification".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.errors import InputError, LimitError

MEDIA_TYPE: Final = "application/vnd.amazon.eventstream"

MESSAGE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one message. AWS allows 16 MiB; a picture of 1024 x 1024 in base64 fits into this, a text delta has a
thousandth, and of what each stream may make the edge hold forty must find room in its memory."""

HEADERS_LIMIT: Final = 16 * 1024
"""Bytes of one message's headers; real ones have about a hundred."""

_LENGTHS: Final = struct.Struct(">II")
_CRC: Final = struct.Struct(">I")
_PRELUDE: Final = _LENGTHS.size + _CRC.size
_OVERHEAD: Final = _PRELUDE + _CRC.size

_TRUE, _FALSE, _BYTES, _TEXT = 0, 1, 6, 7
_FIXED: Final = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Type of a header's value -> its bytes: byte, short, integer, long, timestamp, UUID."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its bytes, its headers as text (numbers in hexadecimal), and what it carries."""

    raw: bytes
    headers: Mapping[str, str]
    payload: bytes

    def with_payload(self, payload: bytes) -> Message:
        """Return the message around another payload."""
        _, length = _LENGTHS.unpack_from(self.raw)
        return Message(_framed(self.raw[_PRELUDE : _PRELUDE + length], payload), self.headers, payload)


def written(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return a message with these headers, all of them strings."""
    parts = bytearray()
    for name, value in headers.items():
        key, text = name.encode(), value.encode()
        parts += struct.pack(">B", len(key)) + key + struct.pack(">BH", _TEXT, len(text)) + text
    return _framed(bytes(parts), payload)


def _framed(headers: bytes, payload: bytes) -> bytes:
    lengths = _LENGTHS.pack(_OVERHEAD + len(headers) + len(payload), len(headers))
    checked = lengths + _CRC.pack(zlib.crc32(lengths)) + headers + payload
    return checked + _CRC.pack(zlib.crc32(checked))


class Parser:
    """Cuts messages out of chunks. Refuses one past `limit` bytes (LimitError) or whose checksums or headers are
    wrong (InputError), as soon as that can be seen."""

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._length = 0

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Yield the messages that `chunk` completes."""
        self._buffer += chunk
        while self._whole():
            raw = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = 0
            yield _message(raw)

    def end(self) -> None:
        """Take note that the stream has ended. Raises InputError where it did so within a message."""
        if self._buffer:
            raise _refused("was cut off")

    def _whole(self) -> bool:
        """Tell whether the first message has come; its length is read, and checked, once its prelude is there."""
        if not self._length and len(self._buffer) >= _PRELUDE:
            self._length = self._checked_length()
        return 0 < self._length <= len(self._buffer)

    def _checked_length(self) -> int:
        total, headers = _LENGTHS.unpack_from(self._buffer)
        (checksum,) = _CRC.unpack_from(self._buffer, _LENGTHS.size)
        if checksum != zlib.crc32(self._buffer[: _LENGTHS.size]):
            raise _refused("has a message whose lengths do not have their checksum")
        if total > self._limit or headers > HEADERS_LIMIT:
            raise LimitError("event stream", f"has a message of more than {self._limit} bytes")
        if total < _OVERHEAD + headers:
            raise _refused("has a message that is shorter than its headers")
        length: int = total
        return length


def _message(raw: bytes) -> Message:
    end = len(raw) - _CRC.size
    (checksum,) = _CRC.unpack_from(raw, end)
    if checksum != zlib.crc32(raw[:end]):
        raise _refused("has a message that does not have its checksum")
    _, length = _LENGTHS.unpack_from(raw)
    start = _PRELUDE + length
    headers: dict[str, str] = {}
    for name, value in _headers(raw[_PRELUDE:start]):
        if name in headers:  # who reads it may take the other one
            raise _refused("has a message with two headers of one name")
        headers[name] = value
    return Message(raw, headers, raw[start:end])


def _headers(block: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    try:
        while at < len(block):
            start, at = at + 1, at + 1 + block[at]
            name, kind, at = block[start:at].decode(), block[at], at + 1
            if kind in {_TRUE, _FALSE}:
                yield name, str(kind == _TRUE).lower()
                continue
            if kind in {_BYTES, _TEXT}:
                (length,) = struct.unpack_from(">H", block, at)
                at += 2
            else:
                length = _FIXED[kind]
            value, at = block[at : at + length], at + length
            if at > len(block):
                raise IndexError
            yield name, value.decode() if kind == _TEXT else value.hex()
    except (IndexError, KeyError, UnicodeDecodeError, struct.error) as error:
        raise _refused("has a message whose headers cannot be read") from error


def _refused(reason: str) -> InputError:
    return InputError("event stream", reason)
