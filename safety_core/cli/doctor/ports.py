"""The ports of this machine on which somebody listens, as every user may read them."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

MOST: Final = 64
"""Ports that are tried; nobody's agent needs to reach more."""

_LISTEN: Final = {"tcp": "0A", "udp": "07"}
"""TCP_LISTEN, and the state of a UDP socket that is connected to nobody (linux/net/tcp_states.h)."""

_LOOP: Final = "7F"
_LOOP_V6: Final = f"{'0' * 24}01000000"
_NOBODY: Final = {"0" * 8, "0" * 32}


def listening(protocol: str, but: Container[int]) -> list[tuple[str, int]]:
    """Return (address, port) of the sockets that loopback reaches, by port, without those ports; at most `MOST`.

    Those of whoever asks come last: nobody can hide another's by opening many.

    Args:
        protocol: "tcp" or "udp".
    """
    owners: dict[tuple[str, int], bool] = {}
    for address, port, uid in _sockets(protocol):
        if port not in but:
            owners[address, port] = owners.get((address, port), True) and uid == os.getuid()
    return sorted(owners, key=lambda place: (owners[place], place[1], place[0]))[:MOST]


def _sockets(protocol: str) -> Iterator[tuple[str, int, int]]:
    """Yield address, port and user of every one. Source: proc(5)."""
    for name, reached in ((protocol, "127.0.0.1"), (f"{protocol}6", "::1")):
        with suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                words = line.split()
                address, _, port = words[1].partition(":")
                if words[3] == _LISTEN[protocol] and (address in _NOBODY or _loops(address)):
                    yield _spelt(address, reached), int(port, 16), int(words[7])


def _loops(address: str) -> bool:
    return address == _LOOP_V6 or (len(address) == 8 and address.endswith(_LOOP))


def _spelt(address: str, otherwise: str) -> str:
    """Return an address of 127.0.0.0/8 as it is written; the kernel prints its bytes in the machine's order."""
    if len(address) != 8 or address in _NOBODY:
        return otherwise
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(address)))
