"""Which addresses an upstream may have. Checked on the address that is connected to, so that no name can be
rebound in between."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final, TypeAlias

AddressInfo: TypeAlias = "tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]]"

_TRANSLATING: Final = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64
    ipaddress.IPv6Network("2002::/16"),  # 6to4
    ipaddress.IPv6Network("2001::/32"),  # Teredo
    ipaddress.IPv6Network("fec0::/10"),  # site-local, of old
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, of old
)
"""Counted as global, or not recognised, by `ipaddress`; each can lead to a private address."""


class PrivateAddressError(OSError):
    """The upstream's address is not a public one."""


def is_public(address: str) -> bool:
    """Tell whether `address` is a public unicast one. What is not an address is not public."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _TRANSLATING):
            return False
    return found.is_global and not found.is_multicast


def public_socket(info: AddressInfo) -> socket.socket:
    """Return a socket for a public address, or raise PrivateAddressError."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddressError("not a public address")
    return socket.socket(family, kind, protocol)
