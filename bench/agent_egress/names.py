"""The machine's resolver: every name leads to the world's servers, but those that lead inside in the real world."""

from __future__ import annotations

import re
import socket
import struct
import threading
from typing import Final

WORLD: Final = "11.0.0.80"
"""A public address, which is the machine's own."""

INSIDE: Final = "127.0.0.1"

_HOME: Final = re.compile(r"(?:.+\.)?(?:localhost|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|yoogle\.com)")
_SPELLED: Final = re.compile(r"(?:.*[.-])?(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})\.(?:nip|sslip|xip)\.io")
_METADATA: Final = re.compile(r"metadata\.google\.internal|metadata\.goog|instance-data(?:\.ec2\.internal)?")
_A, _IN = 1, 1


class Names(threading.Thread):
    """Answers questions over UDP. `turning`: names that lead to the world and inside by turns."""

    def __init__(self, turning: frozenset[str]) -> None:
        super().__init__(daemon=True)
        self._turning = turning
        self._asked: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((INSIDE, 53))

    def run(self) -> None:
        """Answer."""
        while True:
            raw, who = self._socket.recvfrom(2048)
            self._socket.sendto(answer(raw, self.address), who)

    def address(self, name: str) -> str:
        """Return where a name leads now."""
        if name in self._turning:
            self._asked[name] = self._asked.get(name, 0) + 1
            return (INSIDE, WORLD)[self._asked[name] % 2]
        return address_of(name)


def address_of(name: str) -> str:
    """Return where a name leads."""
    if spelled := _SPELLED.fullmatch(name):
        return ".".join(spelled.groups())
    if _METADATA.fullmatch(name):
        return "169.254.169.254"
    return INSIDE if _HOME.fullmatch(name) else WORLD


def answer(raw: bytes, address: object) -> bytes:
    """Return the answer to one question: an address of IPv4, and none of IPv6."""
    labels, at = [], 12
    while raw[at]:
        labels.append(raw[at + 1 : at + 1 + raw[at]].decode("ascii", "replace").lower())
        at += 1 + raw[at]
    kind = struct.unpack("!H", raw[at + 1 : at + 3])[0]
    question = raw[12 : at + 5]
    found = [address(".".join(labels))] if kind == _A and callable(address) else []
    head = raw[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0)
    return head + question + b"".join(_record(one) for one in found)


def _record(address: str) -> bytes:
    return struct.pack("!HHHIH", 0xC00C, _A, _IN, 0, 4) + socket.inet_aton(address)
