"""Sockets to upstreams, for public addresses only: checked when made, so that no name is rebound in between."""

from __future__ import annotations

import socket
from typing import TypeAlias

from safety_core.edge.addresses import is_public

AddressInfo: TypeAlias = "tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]]"


class PrivateAddressError(OSError):
    """The upstream's address is not a public one."""


def public_socket(info: AddressInfo) -> socket.socket:
    """Return a socket for a public address, or raise PrivateAddressError."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddressError("not a public address")
    return socket.socket(family, kind, protocol)
