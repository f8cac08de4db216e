"""Which addresses lie outside of this machine and its network. Ask about the address that is connected to, never about
a name, which could lead elsewhere a moment later."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""Leads to the IPv4 address in its last 32 bits (RFC 6052): the only way out of a network that is IPv6 alone."""

_NEAR: Final = (
    IPv4Network("192.0.0.0/24"),  # of the network itself (RFC 6890); 192.0.0.192 is a cloud's metadata
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, of old
    IPv4Network("168.63.129.16/32"),  # what Azure's machines ask about themselves
)
"""Counted as global by `ipaddress`; each is answered by the network that one is in."""

_ODD: Final = (
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of one's own network
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("2001::/23"),  # Teredo and other protocols' own
    IPv6Network("100::/64"),  # goes nowhere
    IPv6Network("fec0::/10"),  # site-local, of old
    IPv6Network("::/96"),  # IPv4-compatible, of old
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (RFC 6145), of networks that are IPv6 alone
    IPv6Network("5f00::/16"),  # segments of one's own network (RFC 9602)
    IPv6Network("3fff::/20"),  # of examples (RFC 9637)
)
"""Counted as global, or not recognised, by `ipaddress`; each can lead to a private address, none is needed today."""


def is_public(address: str) -> bool:
    """Tell whether `address` is a public unicast one, whichever way it is wrapped. What is no address is not public."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if any(found in network for network in _ODD):
            return False
        inner = IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else found.ipv4_mapped
        found = inner or found
    if isinstance(found, IPv4Address) and any(found in network for network in _NEAR):
        return False
    return found.is_global and not found.is_multicast
