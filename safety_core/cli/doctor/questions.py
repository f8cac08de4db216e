"""The bytes that the tries send. They hold nothing but random digits and a word that says who asks."""

from __future__ import annotations

import secrets
import struct
from typing import Final

SIGN: Final = "safety-doctor"
"""Stands in what is sent, so that whoever reads their logs knows what it was."""

_LABEL: Final = 60
"""Characters of one label of a tunnel; 63 fit (RFC 1035 2.3.4)."""

A: Final = 1
TXT: Final = 16


def tunnel_name(domain: str) -> str:
    """Return a name that carries 90 random bytes, as a tunnel through DNS would."""
    labels = [secrets.token_hex(_LABEL // 2) for _ in range(3)]
    return ".".join([*labels, SIGN, domain])


def query(name: str, kind: int) -> bytes:
    """Return a DNS query (RFC 1035 4.1) with recursion desired."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return secrets.token_bytes(2) + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, kind, 1)


def found(asked: bytes, answer: bytes) -> bool:
    """Tell whether `answer` answers `asked`, with records or with "there is no such name": name servers were asked."""
    return answers(asked, answer) and answer[3] & 0x0F in {0, 3}


def answers(asked: bytes, answer: bytes) -> bool:
    """Tell whether `answer` is a DNS answer to `asked`."""
    return len(answer) >= 12 and answer[:2] == asked[:2] and bool(answer[2] & 0x80)


def quic_hello() -> bytes:
    """Return a QUIC packet of a version that nobody has: a server answers it with those that it has (RFC 9000 6.1)."""
    connection = secrets.token_bytes(8)
    head = b"\xc0" + bytes.fromhex("1a2a3a4a") + b"\x08" + connection + b"\x08" + connection
    return head.ljust(1200, b"\x00")  # shorter ones are not answered (RFC 9000 14.1)


def echo_request() -> bytes:
    """Return an ICMP echo request (RFC 792). The kernel fills in identifier and checksum."""
    return struct.pack(">BBHHH", 8, 0, 0, 0, 1) + SIGN.encode()


def get(host: str, *, upgrade: bool = False) -> bytes:
    """Return a plain HTTP request, or one that asks for a WebSocket (RFC 6455 4.1)."""
    more = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: c2FmZXR5LWRvY3Rvcg0KMQ==\r\n"
        if upgrade
        else "Connection: close\r\n"
    )
    return f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {SIGN}\r\n{more}\r\n".encode()
